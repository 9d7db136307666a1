// aliases list: names and what they mean.
import type { Command } from "commander";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Alias {
  name: string;
  target: string;
}

export function addAliasesList(aliases: Command): void {
  addVerb(aliases, "list", "every name and the model it means", "aliases list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ aliases: Alias[] }>("/aliases");
      print(found, () =>
        formatTable(
          ["alias", "model"],
          found.aliases.map(({ name, target }) => [name, target]),
        ),
      );
    },
  );
}
