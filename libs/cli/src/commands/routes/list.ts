// routes list: what there is and what is in service.
import type { Command } from "commander";
import { allRoutes } from "../../api/pages.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addRoutesList(routes: Command): void {
  addVerb(routes, "list", "every route, with the version in service", "routes list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await allRoutes(api);
      print({ routes: found }, () =>
        formatTable(
          ["route", "in service", "latest", "since"],
          found.map(({ name, deployedVersion, latestVersion, deployedAt }) => [
            name,
            deployedVersion === null ? "-" : String(deployedVersion),
            String(latestVersion),
            deployedAt ?? "",
          ]),
        ),
      );
    },
  );
}
