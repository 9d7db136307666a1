// How long two secrets of one key are good together.
import type { Command } from "commander";
import { wholeNumber } from "./option-values.ts";

const DAY_SECONDS = 24 * 3_600;

export function withOverlap(command: Command): Command {
  return command.option(
    "--overlap-seconds <number>",
    "how long the secret before stays good; 0: not at all, at most 30 days",
    wholeNumber(0, 30 * DAY_SECONDS),
    DAY_SECONDS,
  );
}
