// rate-limits delete: a rate limit binds nobody any more.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addRateLimitsDelete(limits: Command): void {
  addVerb(
    limits,
    "delete <id>",
    "let a rate limit bind nobody any more, within a second",
    'rate-limits delete support --reason "no longer needed"',
  )
    .requiredOption("--reason <text>", "why; stands in the audit log")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.delete(pathOf("rate-limits", id), { reason }), () => `${id} is gone`);
    });
}
