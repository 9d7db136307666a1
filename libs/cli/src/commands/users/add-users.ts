// waybill users: made, changed, moved, deleted, listed.
import type { Command } from "commander";
import type { User } from "../../api/accounts.ts";
import { pathOf } from "../../api/client.ts";
import { allAfter } from "../../api/pages.ts";
import { formatTable } from "../../print/table.ts";
import { given, withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Options {
  name?: string;
  team?: string;
  reason: string;
}

export function addUsers(program: Command): void {
  const users = program.command("users").description("users, each of one team");
  addList(users);
  withReason(
    addVerb(users, "create <id>", "make a user", 'users create ada --team support --name "Ada Lovelace"')
      .requiredOption("--team <id>", "whose it is")
      .option("--name <text>", "how people call the user; without it, by its id"),
  ).action(async (id: string, { team: teamId, ...options }: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.post("/users", { id, teamId, ...options }), () => `user ${id} is made`);
  });
  withReason(
    addVerb(
      users,
      "update <id>",
      "give it another name or team; its keys go along at once",
      "users update ada --team research",
    )
      .option("--team <id>", "whose it is from now on")
      .option("--name <text>", "how people call the user"),
  ).action(async (id: string, { team: teamId, ...options }: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.patch(pathOf("users", id), given({ teamId, ...options })), () => `user ${id} is changed`);
  });
  withReason(addVerb(users, "delete <id>", "delete one whose keys are revoked", "users delete ada")).action(
    async (id: string, { reason }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.delete(pathOf("users", id), { reason }), () => `user ${id} is deleted`);
    },
  );
}

function addList(users: Command): void {
  addVerb(users, "list", "every user", "users list --team support")
    .option("--team <id>", "only of this team")
    .action(async ({ team }: { team?: string }, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await allAfter<User>(api, "/users", "users", { team });
      print({ users: found }, () =>
        formatTable(
          ["organisation", "team", "user", "name", "keys"],
          found.map(({ organisationId, teamId, id, name, keyCount }) => [
            organisationId,
            teamId,
            id,
            name,
            String(keyCount),
          ]),
        ),
      );
    });
}
