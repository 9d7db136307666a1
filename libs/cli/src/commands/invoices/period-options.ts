// Which days of which provider: the options that comparing and approving have in common.
import { type Command, InvalidArgumentError } from "commander";
import { collectNames } from "../option-values.ts";

export interface PeriodOptions {
  provider: string;
  from: string;
  until: string;
  cause?: string[];
}

export function addPeriodOptions(command: Command): Command {
  return command
    .requiredOption("--provider <id>", "the provider as waybill.yaml names it")
    .requiredOption("--from <day>", "first UTC day, like 2026-10-01", dayText)
    .requiredOption("--until <day>", "last UTC day, like 2026-10-31", dayText)
    .option("--cause <causes>", "only differences of these causes; with commas, or repeated", collectNames);
}

function dayText(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new InvalidArgumentError("It must be a day like 2026-10-31.");
  return text;
}
