// keys show: everything of one key but its secret.
import type { Command } from "commander";
import type { Key } from "../../api/accounts.ts";
import { pathOf } from "../../api/client.ts";
import { keyState } from "../../print/key-state.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addKeysShow(keys: Command): void {
  addVerb(keys, "show <id>", "everything of a key but its secret", "keys show 5f0c2a91").action(
    async (id: string, _options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const key = await api.get<Key>(pathOf("keys", id));
      print(key, () => formatTable(["", ""], rowsOf(key)).trimStart());
    },
  );
}

function rowsOf(key: Key): string[][] {
  const list = (names: readonly string[]): string => (names.length === 0 ? "every one" : names.join(", "));
  const pairs = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}`)
      .join(", ") || "none";
  return [
    ["key", key.id],
    ["name", key.name],
    ["of", `${key.organisationId} / ${key.teamId} / ${key.userId}`],
    ["state", keyState(key, Date.now()) || "good"],
    ["made", key.createdAt],
    ["models", list(key.allowedModels)],
    ["routes", list(key.allowedRoutes)],
    ["surfaces", list(key.allowedSurfaces)],
    ["output tokens by default", key.maxOutputTokensDefault === null ? "as asked" : String(key.maxOutputTokensDefault)],
    ["metadata", pairs(key.metadata)],
    ["tags", pairs(key.tags)],
  ];
}
