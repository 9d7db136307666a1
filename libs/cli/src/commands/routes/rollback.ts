// routes rollback: back to what was in service before.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import type { Route } from "../../api/shapes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addRoutesRollback(routes: Command): void {
  addVerb(
    routes,
    "rollback <name>",
    "put the version in service that was there before the present one",
    'routes rollback support --reason "answers got worse"',
  )
    .requiredOption("--reason <text>", "why; stands in the audit log")
    .action(async (name: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      const route = await api.post<Route>(pathOf("routes", name, "rollback"), { reason });
      print(route, () => `${name}@${route.deployedVersion} is in service again`);
    });
}
