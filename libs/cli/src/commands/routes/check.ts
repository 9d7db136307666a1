// routes check: every problem of route files, for editors and pipelines.
import type { Command } from "commander";
import { mapAtOnce } from "../../api/map-at-once.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { readRouteFiles } from "../../files/route-files.ts";
import { problemLines } from "../../print/problems.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { FILES_AT_ONCE } from "./compare-file.ts";
import { importFile } from "./import-file.ts";

export function addRoutesCheck(routes: Command): void {
  addVerb(routes, "check [paths...]", "every problem of files or folders; saves nothing", "routes check routes").action(
    async (paths: string[], _options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const { files } = await readRouteFiles(paths);
      const checked = await mapAtOnce(files, FILES_AT_ONCE, async (file) => {
        const { problems, warnings } = await importFile(api, file);
        return { path: file.path, problems, warnings };
      });
      const lines = checked.flatMap(({ path, problems, warnings }) => [
        ...problemLines(problems),
        ...warnings.map((warning) => `${path}: warning: ${warning}`),
      ]);
      const problemCount = checked.reduce((sum, { problems }) => sum + problems.length, 0);
      print({ files: checked }, () =>
        [...lines, `${countOf(files.length, "file")}, ${countOf(problemCount, "problem")}`].join("\n"),
      );
      if (problemCount > 0) throw new Ending("", EXIT.problems);
    },
  );
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
