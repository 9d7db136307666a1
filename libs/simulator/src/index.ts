// The demo provider for a machine without keys.

export { MODELS, type SimulatedModel } from "./models.ts";
export { type Simulator, type SimulatorOptions, startSimulator } from "./server.ts";
