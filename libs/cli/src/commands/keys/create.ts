// keys create: a new key, whose secret is printed this one time.
import type { Command } from "commander";
import type { IssuedKey } from "../../api/accounts.ts";
import { withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { type KeyOptions, keyFields, withKeyOptions } from "./key-options.ts";

export function addKeysCreate(keys: Command): void {
  const verb = addVerb(
    keys,
    "create <user>",
    "make a key for a user; it is printed now and never again",
    "keys create ada --name laptop",
    "keys create ci --name nightly --route support --surface openai-chat --expires 2027-01-31 --max-output-tokens 1024",
  ).requiredOption("--name <text>", "how people call it, unique among the user's keys");
  withReason(withKeyOptions(verb)).action(async (userId: string, options: KeyOptions, command: Command) => {
    const { api, print, note } = contextOf(command);
    const issued = await api.post<IssuedKey>("/keys", { userId, ...keyFields(options) });
    note(`key ${issued.key.id} of ${userId} is made; keep it, it is not shown again:`);
    print(issued, () => issued.secretKey);
  });
}
