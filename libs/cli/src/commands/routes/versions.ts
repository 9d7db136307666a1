// routes versions: who made which version, when and why.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import { newestVersions } from "../../api/pages.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { wholeNumber } from "../option-values.ts";

const LINES = 50;
const LINES_MAX = 100_000;

export function addRoutesVersions(routes: Command): void {
  addVerb(routes, "versions <name>", "its versions, newest first: who, when and why", "routes versions support")
    .option("--limit <number>", "most versions", wholeNumber(1, LINES_MAX), LINES)
    .action(async (name: string, { limit }: { limit: number }, command: Command) => {
      const { api, print } = contextOf(command);
      const versions = await newestVersions(api, pathOf("routes", name), limit);
      print({ versions }, () =>
        formatTable(
          ["version", "in service", "made", "by", "why"],
          versions.map(({ version, deployed, createdAt, createdBy, reason }) => [
            String(version),
            deployed ? "yes" : "",
            createdAt,
            createdBy,
            reason,
          ]),
        ),
      );
    });
}
