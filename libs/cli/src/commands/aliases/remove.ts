// aliases remove: a name goes.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addAliasesRemove(aliases: Command): void {
  addVerb(aliases, "remove <name>", "take a name away, everywhere in under a second", "aliases remove cheap")
    .option("--reason <text>", "why; stands in the audit log", "")
    .action(async (name: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.delete(pathOf("aliases", name), { reason }), () => `${name} is gone`);
    });
}
