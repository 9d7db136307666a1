// keys revoke: a key is refused from now on.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addKeysRevoke(keys: Command): void {
  addVerb(
    keys,
    "revoke <id>",
    "refuse a key everywhere in under a second, for ever; its id is the public part of wb_<id>_<secret>",
    'keys revoke 5f0c2a91 --reason "it was in a repository"',
  )
    .option("--reason <text>", "why; stands in the audit log", "")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.post(pathOf("keys", id, "revoke"), { reason }), () => `${id} is revoked`);
    });
}
