// waybill teams: made, changed, deleted, listed.
import type { Command } from "commander";
import type { Team } from "../../api/accounts.ts";
import { pathOf } from "../../api/client.ts";
import { formatTable } from "../../print/table.ts";
import { withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Options {
  name?: string;
  costCentre?: string;
  reason: string;
}

export function addTeams(program: Command): void {
  const teams = program.command("teams").description("teams");
  addList(teams);
  withFields(addVerb(teams, "create <id>", "make a team", "teams create support --cost-centre 4711")).action(
    async (id: string, options: Options, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.post("/teams", { id, ...options }), () => `team ${id} is made`);
    },
  );
  withFields(
    addVerb(teams, "update <id>", "give it another name or cost centre", "teams update support --name Care"),
  ).action(async (id: string, options: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.patch(pathOf("teams", id), options), () => `team ${id} is changed`);
  });
  withReason(addVerb(teams, "delete <id>", "delete one without users and budgets", "teams delete support")).action(
    async (id: string, { reason }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.delete(pathOf("teams", id), { reason }), () => `team ${id} is deleted`);
    },
  );
}

function withFields(command: Command): Command {
  return withReason(
    command
      .option("--name <text>", "how people call it; a new one without it is called by its id")
      .option("--cost-centre <text>", "for finance's own books"),
  );
}

function addList(teams: Command): void {
  addVerb(teams, "list", "every team", "teams list").action(async (_options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await api.get<{ teams: Team[] }>("/teams");
    print(found, () =>
      formatTable(
        ["organisation", "team", "name", "cost centre", "users", "keys"],
        found.teams.map(({ organisationId, id, name, costCentre, userCount, keyCount }) => [
          ...[organisationId, id, name, costCentre, String(userCount), String(keyCount)],
        ]),
      ),
    );
  });
}
