// routes delete: the only way in which a route goes.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import type { Route } from "../../api/shapes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addRoutesDelete(routes: Command): void {
  addVerb(
    routes,
    "delete <name>",
    "take a route out of service at once; its versions stay in the audit log",
    'routes delete old-support --reason "nobody asks for it"',
  )
    .requiredOption("--reason <text>", "why; stands in the audit log")
    .action(async (name: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.delete<Route>(pathOf("routes", name), { reason }), () => `${name} is gone`);
    });
}
