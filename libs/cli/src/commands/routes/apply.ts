// routes apply: files become versions, and with --deploy what is in service. What is only on the server stays there.
import type { Command } from "commander";
import { type Api, pathOf } from "../../api/client.ts";
import { mapAtOnce } from "../../api/map-at-once.ts";
import { allRoutes } from "../../api/pages.ts";
import type { Route, SavedVersion } from "../../api/shapes.ts";
import { ProblemsEnding } from "../../exit-codes.ts";
import { readRouteFiles } from "../../files/route-files.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { byName, type ComparedFile, compareFile, FILES_AT_ONCE } from "./compare-file.ts";
import { asProblemsOf } from "./import-file.ts";

interface ApplyOptions {
  reason: string;
  deploy?: boolean;
}

interface Applied {
  name: string;
  version: number;
  /** A new version was made; else one that was there was put in service. */
  isNewVersion: boolean;
  isInService: boolean;
}

export function addRoutesApply(routes: Command): void {
  addVerb(
    routes,
    "apply [paths...]",
    "make a new version of every file that differs; doing it twice changes nothing more, and nothing is ever deleted",
    'routes apply routes --deploy --reason "cheaper by night"',
  )
    .requiredOption("--reason <text>", "why; stands in the version and in the audit log")
    .option("--deploy", "put them in service at once, also drafts that are the same as the file")
    .action(async (paths: string[], options: ApplyOptions, command: Command) => {
      const { api, print, note } = contextOf(command);
      const { files } = await readRouteFiles(paths);
      const onServer = byName(await allRoutes(api));
      const compared = await mapAtOnce(files, FILES_AT_ONCE, (file) => compareFile(api, file, onServer));
      const problems = compared.flatMap(({ planned }) => planned.problems);
      // All or nothing: half of a change is nobody's wish.
      if (problems.length > 0) throw new ProblemsEnding("nothing was applied: there are problems", problems);
      const applied: Applied[] = [];
      try {
        for (const file of compared) {
          for (const warning of file.planned.warnings) note(`warning: ${file.planned.path}: ${warning}`);
          const done = await applyOne(api, file, options);
          if (done) applied.push(done);
        }
      } catch (error) {
        // What the next run would find as the same.
        if (applied.length > 0) note(`applied before it failed:\n${applied.map(saidOf).join("\n")}`);
        throw error;
      }
      print({ applied }, () => (applied.length === 0 ? "nothing to change" : applied.map(saidOf).join("\n")));
    });
}

function saidOf({ name, version, isInService }: Applied): string {
  return `${name}@${version} is ${isInService ? "in service" : "saved"}`;
}

/** Undefined: there is nothing to do. */
async function applyOne(api: Api, file: ComparedFile, options: ApplyOptions): Promise<Applied | undefined> {
  const { name, path, change, latestVersion } = file.planned;
  const { reason, deploy = false } = options;
  if (change === "same" || (change === "saved" && !deploy)) return undefined;
  if (change === "saved") {
    await api.post<Route>(pathOf("routes", name, "deployments"), { version: latestVersion, reason });
    return { name, version: latestVersion, isNewVersion: false, isInService: true };
  }
  const body = { ...contentOf(file), reason, deploy };
  const asked =
    change === "new"
      ? api.post<SavedVersion>("/routes", { name, ...body })
      : api.post<SavedVersion>(pathOf("routes", name, "versions"), { ...body, basedOnVersion: latestVersion });
  const { version } = await asProblemsOf(path, asked);
  return { name, version: version.version, isNewVersion: true, isInService: deploy };
}

/** In its own shape, so that an export in that shape gives the file back as it is. */
function contentOf({ shape, text, document }: ComparedFile): object {
  return shape === "waybill" ? { document } : { import: { text, shape } };
}
