// Settings of the simulator's process.

import { type ConfigOf, integer, readConfig } from "@waybill/service";

export const settings = {
  WAYBILL_SIMULATOR_PORT: integer({
    meaning: "Port on loopback; 0 takes a free one.",
    fallback: 8_650,
    min: 0,
    max: 65_535,
  }),
  WAYBILL_SIMULATOR_SPEED_PERCENT: integer({
    meaning: "Pace of the answers: 100 is that of a real model, 1000 ten times as fast (for tests).",
    fallback: 100,
    min: 1,
    max: 100_000,
  }),
} as const;

/** Throws ConfigError with every problem. */
export function loadConfig(): ConfigOf<typeof settings> {
  return readConfig(settings, process.env);
}
