// waybill keys: its verbs.
import type { Command } from "commander";
import type { Key } from "../../api/accounts.ts";
import { pathOf } from "../../api/client.ts";
import { allAfter } from "../../api/pages.ts";
import { keyState } from "../../print/key-state.ts";
import { formatTable } from "../../print/table.ts";
import { withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { addKeysCreate } from "./create.ts";
import { addKeysRotate } from "./rotate.ts";
import { addKeysShow } from "./show.ts";
import { addKeysUpdate } from "./update.ts";

export function addKeys(program: Command): void {
  const keys = program.command("keys").description("virtual keys");
  addList(keys);
  addKeysShow(keys);
  addKeysCreate(keys);
  addKeysUpdate(keys);
  addKeysRotate(keys);
  withReason(
    addVerb(
      keys,
      "revoke <id>",
      "refuse a key everywhere in under a second, for ever; its id is the public part of wb_<id>_<secret>",
      'keys revoke 5f0c2a91 --reason "it was in a repository"',
    ),
  ).action(async (id: string, { reason }: { reason: string }, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.post(pathOf("keys", id, "revoke"), { reason }), () => `${id} is revoked`);
  });
}

function addList(keys: Command): void {
  addVerb(keys, "list", "every virtual key, never its secret", "keys list --team support")
    .option("--team <id>", "only of this team")
    .option("--user <id>", "only of this user")
    .action(async ({ team, user }: { team?: string; user?: string }, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await allAfter<Key>(api, "/keys", "keys", { team, user });
      print({ keys: found }, () =>
        formatTable(
          ["key", "name", "organisation", "team", "user", "state"],
          found.map((key) => [key.id, key.name, key.organisationId, key.teamId, key.userId, keyState(key, Date.now())]),
        ),
      );
    });
}
