// routes diff: what differs between two versions.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { paintDiffLine } from "../../print/colour.ts";
import { plainText } from "../../print/plain-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { versionNumber } from "../option-values.ts";

export function addRoutesDiff(routes: Command): void {
  addVerb(
    routes,
    "diff <name>",
    "what differs between two versions, node by node",
    "routes diff support --from 1 --to 3",
  )
    .option("--from <number>", "version before; default: the one in service", versionNumber)
    .option("--to <number>", "version after; default: the latest", versionNumber)
    .action(async (name: string, { from, to }: { from?: number; to?: number }, command: Command) => {
      const { api, print, paint } = contextOf(command);
      const diff = await api.get<{ from: number; to: number; lines: string[] }>(pathOf("routes", name, "diff"), {
        from,
        to,
      });
      print(diff, () =>
        [
          paint("bold", `${name}@${diff.from} -> ${name}@${diff.to}`),
          ...(diff.lines.length === 0 ? ["(no difference)"] : diff.lines.map(plainText)).map((line) =>
            paintDiffLine(paint, line),
          ),
        ].join("\n"),
      );
    });
}
