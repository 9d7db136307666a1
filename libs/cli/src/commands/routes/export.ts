// routes export: a version in the shape of another tool.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { versionNumber } from "../option-values.ts";
import { SHAPES } from "./shapes.ts";

interface Exported {
  text: string;
  warnings: string[];
}

export function addRoutesExport(routes: Command): void {
  addVerb(
    routes,
    "export <name>",
    "a version in another shape; what came in that shape goes out as it came",
    "routes export support --shape terraform > support.json",
  )
    .requiredOption("--shape <shape>", SHAPES)
    .option("--version <number>", "default: the one in service", versionNumber)
    .action(async (name: string, query: { shape: string; version?: number }, command: Command) => {
      const { api, print, note } = contextOf(command);
      const exported = await api.get<Exported>(pathOf("routes", name, "export"), { ...query });
      for (const warning of exported.warnings) note(`warning: ${warning}`);
      print(exported, () => exported.text.trimEnd());
    });
}
