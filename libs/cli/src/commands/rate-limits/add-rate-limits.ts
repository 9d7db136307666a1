// rate-limits: every verb.
import type { Command } from "commander";
import { addRateLimitsCreate } from "./create.ts";
import { addRateLimitsDelete } from "./delete.ts";
import { addRateLimitsList } from "./list.ts";
import { addRateLimitsShow } from "./show.ts";

export function addRateLimits(program: Command): void {
  const limits = program.command("rate-limits").description("rate limits: how much may pass in a time");
  addRateLimitsList(limits);
  addRateLimitsShow(limits);
  addRateLimitsCreate(limits);
  addRateLimitsDelete(limits);
}
