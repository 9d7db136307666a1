// keys list: who may ask; never with what.
import type { Command } from "commander";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Key {
  id: string;
  name: string;
  organisationId: string;
  teamId: string;
  revokedAt: string | null;
  expiresAt: string | null;
}

export function addKeysList(keys: Command): void {
  addVerb(keys, "list", "every virtual key, never its secret", "keys list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ keys: Key[] }>("/keys");
      print(found, () =>
        formatTable(
          ["key", "name", "organisation", "team", "state"],
          found.keys.map((key) => [key.id, key.name, key.organisationId, key.teamId, stateOf(key)]),
        ),
      );
    },
  );
}

function stateOf({ revokedAt, expiresAt }: Key): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  return expiresAt === null ? "" : `until ${expiresAt}`;
}
