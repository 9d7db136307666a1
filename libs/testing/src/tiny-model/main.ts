// The tiny model's server as a process: `node main.js [--port N]`. Prints one JSON line when it listens.

import { parseArgs } from "node:util";
import { findTinyModel, tinyModelMissing } from "./find-tiny-model.ts";
import { startTinyModelServer } from "./server.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const model = await findTinyModel();
if (model === undefined) {
  console.error(tinyModelMissing());
  process.exit(1);
}
const server = await startTinyModelServer(model, { port: Number(values.port) });
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
}
console.log(JSON.stringify({ ready: true, url: server.url, port: server.port, pid: process.pid }));
