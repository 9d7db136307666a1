// rate-limits list: how much may pass in a time.
import type { Command } from "commander";
import type { RateLimit } from "../../api/rate-limits.ts";
import { rateLimitTable } from "../../print/rate-limit-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addRateLimitsList(limits: Command): void {
  addVerb(limits, "list", "every rate limit", "rate-limits list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ rateLimits: RateLimit[] }>("/rate-limits");
      print(found, () => rateLimitTable(found.rateLimits));
    },
  );
}
