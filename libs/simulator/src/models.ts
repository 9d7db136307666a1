// The simulated models: what the gateway calls sim/economy and sim/premium.

import type { Pace } from "./core/timing.ts";

export interface SimulatedModel {
  /** The name in requests to the simulator. */
  readonly id: string;
  /** The name under which the gateway offers it, and which the answers give. */
  readonly gatewayName: string;
  readonly pace: Pace;
  readonly sentences: number;
}

export const MODELS: readonly SimulatedModel[] = [
  {
    id: "economy",
    gatewayName: "sim/economy",
    pace: { firstTokenMsMin: 150, firstTokenMsMax: 250, tokensPerSecond: 120 },
    sentences: 2,
  },
  {
    id: "premium",
    gatewayName: "sim/premium",
    pace: { firstTokenMsMin: 250, firstTokenMsMax: 400, tokensPerSecond: 60 },
    sentences: 3,
  },
];
