// rate-limits show: what one rate limit says.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import type { RateLimit } from "../../api/rate-limits.ts";
import { rateLimitTable } from "../../print/rate-limit-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addRateLimitsShow(limits: Command): void {
  addVerb(limits, "show <id>", "what a rate limit says", "rate-limits show support").action(
    async (id: string, _options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<RateLimit>(pathOf("rate-limits", id));
      print(found, () => rateLimitTable([found]));
    },
  );
}
