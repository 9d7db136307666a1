// routes show: a version as the file it would be.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import type { RouteVersion } from "../../api/shapes.ts";
import { formatDocument } from "../../files/format-document.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { versionNumber } from "../option-values.ts";

export function addRoutesShow(routes: Command): void {
  addVerb(
    routes,
    "show <name>",
    "the version in service as a route file; where none is, the latest",
    "routes show support --version 2",
  )
    .option("--version <number>", "another version", versionNumber)
    .action(async (name: string, { version = "current" }: { version?: number | "current" }, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<RouteVersion>(pathOf("routes", name, "versions", version));
      print(found, () => formatDocument(found.document).trimEnd());
    });
}
