// aliases set: a name for a model.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addAliasesSet(aliases: Command): void {
  addVerb(
    aliases,
    "set <name> <model>",
    "make a name mean <provider>/<model>, everywhere in under a second",
    "aliases set cheap sim/economy",
  )
    .option("--reason <text>", "why; stands in the audit log", "")
    .action(async (name: string, target: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.put(pathOf("aliases", name), { target, reason }), () => `${name} is ${target}`);
    });
}
