// The scripted provider as a process: `node main.js [--port N] [--log-bytes] [--log-entries N]`. Prints one JSON line
// when it listens, is driven over /_control/ (control.ts) and ends on SIGTERM or SIGINT.

import { parseArgs } from "node:util";
import { startScriptedProvider } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "log-bytes": { type: "boolean", default: false },
    "log-entries": { type: "string", default: "100000" },
  },
});
const provider = await startScriptedProvider({
  port: Number(values.port),
  logBytes: values["log-bytes"],
  entriesMax: Number(values["log-entries"]),
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void provider.stop().then(() => process.exit(0)));
}
console.log(JSON.stringify({ ready: true, url: provider.url, port: provider.port, pid: process.pid }));
