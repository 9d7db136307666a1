// waybill organisations: made, renamed, deleted, listed.
import type { Command } from "commander";
import type { Organisation } from "../../api/accounts.ts";
import { pathOf } from "../../api/client.ts";
import { formatTable } from "../../print/table.ts";
import { withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Options {
  name?: string;
  reason: string;
}

export function addOrganisations(program: Command): void {
  const organisations = program.command("organisations").description("organisations");
  addVerb(organisations, "list", "every organisation that the admin key may see", "organisations list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ organisations: Organisation[] }>("/organisations");
      print(found, () =>
        formatTable(
          ["organisation", "name"],
          found.organisations.map(({ id, name }) => [id, name]),
        ),
      );
    },
  );
  withReason(
    addVerb(organisations, "create <id>", "make an organisation", 'organisations create acme --name "Acme Ltd"').option(
      "--name <text>",
      "how people call it; without it, its id",
    ),
  ).action(async (id: string, options: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.post("/organisations", { id, ...options }), () => `organisation ${id} is made`);
  });
  withReason(
    addVerb(
      organisations,
      "update <id>",
      "give it another name",
      'organisations update acme --name "Acme"',
    ).requiredOption("--name <text>", "how people call it"),
  ).action(async (id: string, options: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.patch(pathOf("organisations", id), options), () => `organisation ${id} is changed`);
  });
  withReason(
    addVerb(organisations, "delete <id>", "delete one that has nothing in it any more", "organisations delete acme"),
  ).action(async (id: string, { reason }: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.delete(pathOf("organisations", id), { reason }), () => `organisation ${id} is deleted`);
  });
}
