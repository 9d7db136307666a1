// routes deploy: a version into service.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import type { Route } from "../../api/shapes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { versionNumber } from "../option-values.ts";

export function addRoutesDeploy(routes: Command): void {
  addVerb(
    routes,
    "deploy",
    "put a version in service, everywhere in under a second",
    'routes deploy support 3 --reason "tested on Monday"',
  )
    .argument("<name>", "the route")
    .argument("[version]", "its number; default: the latest", versionNumber)
    .requiredOption("--reason <text>", "why; stands in the audit log")
    .action(async (name: string, given: number | undefined, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      const version = given ?? (await api.get<Route>(pathOf("routes", name))).latestVersion;
      const route = await api.post<Route>(pathOf("routes", name, "deployments"), { version, reason });
      print(route, () => `${name}@${route.deployedVersion} is in service`);
    });
}
