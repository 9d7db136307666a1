// keys update: what a key may do and says, changed everywhere in under a second.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { collectNames } from "../option-values.ts";
import { type KeyOptions, keyFields, withKeyOptions } from "./key-options.ts";

export function addKeysUpdate(keys: Command): void {
  const verb = addVerb(
    keys,
    "update <id>",
    "change a key everywhere in under a second; a list or map that is given replaces the one before",
    "keys update 5f0c2a91 --model openai/gpt-5-mini --expires 2027-01-31",
    "keys update 5f0c2a91 --any model --expires never",
  ).option("--name <text>", "how people call it");
  withReason(
    withKeyOptions(verb).option("--any <what>", "lift a limit: model, route, surface; may be repeated", collectNames),
  ).action(async (id: string, options: KeyOptions, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.patch(pathOf("keys", id), keyFields(options)), () => `${id} is changed`);
  });
}
