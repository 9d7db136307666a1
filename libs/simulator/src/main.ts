// The simulator as a process: started by `npm start` where no provider has a key; ends on SIGTERM or SIGINT.

import { loadConfig } from "./config.ts";
import { startSimulator } from "./server.ts";

try {
  const config = loadConfig();
  const simulator = await startSimulator({
    port: config.WAYBILL_SIMULATOR_PORT,
    speedPercent: config.WAYBILL_SIMULATOR_SPEED_PERCENT,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
  }
  console.log(JSON.stringify({ msg: "simulator listens", url: simulator.url, pid: process.pid }));
} catch (error) {
  console.error(`simulator: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
