// teams list: teams and their size.
import type { Command } from "commander";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Team {
  organisationId: string;
  id: string;
  name: string;
  userCount: number;
  keyCount: number;
}

export function addTeamsList(teams: Command): void {
  addVerb(teams, "list", "every team", "teams list").action(async (_options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await api.get<{ teams: Team[] }>("/teams");
    print(found, () =>
      formatTable(
        ["organisation", "team", "name", "users", "keys"],
        found.teams.map(({ organisationId, id, name, userCount, keyCount }) => [
          organisationId,
          id,
          name,
          String(userCount),
          String(keyCount),
        ]),
      ),
    );
  });
}
