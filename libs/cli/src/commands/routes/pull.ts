// routes pull: what is in service becomes files.
import type { Command } from "commander";
import { type Api, pathOf } from "../../api/client.ts";
import { mapAtOnce } from "../../api/map-at-once.ts";
import { allRoutes } from "../../api/pages.ts";
import type { Route, RouteVersion } from "../../api/shapes.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { formatDocument } from "../../files/format-document.ts";
import { DEFAULT_FOLDER, findRouteFile, writeRouteFile } from "../../files/route-files.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { byName, compareFile, FILES_AT_ONCE } from "./compare-file.ts";

interface Pulled {
  name: string;
  path: string;
  /** kept: it means the same already. refused: it is no .json and means something else. */
  state: "written" | "kept" | "refused";
}

export function addRoutesPull(routes: Command): void {
  addVerb(
    routes,
    "pull [names...]",
    "write routes as files, of each the version in service; without names all of them. A file that means the same is kept",
    "routes pull --dir routes",
    "routes pull support billing",
  )
    .option("--dir <folder>", "where to", DEFAULT_FOLDER)
    .action(async (names: string[], { dir }: { dir: string }, command: Command) => {
      const { api, print } = contextOf(command);
      const all = await allRoutes(api);
      const wanted = all.filter(({ name }) => names.length === 0 || names.includes(name));
      const missing = names.filter((name) => !wanted.some((route) => route.name === name));
      if (missing.length > 0) {
        throw new Ending(`there is no route ${missing.join(", ")}; see \`waybill routes list\``, EXIT.failed);
      }
      const files = await mapAtOnce(wanted, FILES_AT_ONCE, (route) => pullOne(api, dir, route));
      const written = files.filter(({ state }) => state === "written");
      print({ files }, () =>
        [...written.map(({ path }) => path), `${written.length} of ${files.length} files written to ${dir}`].join("\n"),
      );
      const refused = files.filter(({ state }) => state === "refused").map(({ path }) => path);
      if (refused.length > 0) {
        throw new Ending(
          `not overwritten, because pull writes .json: ${refused.join(", ")}\nMove them away or change them by hand.`,
          EXIT.failed,
        );
      }
    });
}

async function pullOne(api: Api, folder: string, route: Route): Promise<Pulled> {
  const { name } = route;
  const { document } = await api.get<RouteVersion>(pathOf("routes", name, "versions", "current"));
  const text = formatDocument(document);
  const present = await findRouteFile(folder, name);
  if (present) {
    const { path } = present;
    if (present.text === text || (await meansTheSame(api, present, route))) return { name, path, state: "kept" };
    if (!path.endsWith(".json")) return { name, path, state: "refused" };
  }
  return { name, path: await writeRouteFile(folder, name, text), state: "written" };
}

async function meansTheSame(api: Api, file: Parameters<typeof compareFile>[1], route: Route): Promise<boolean> {
  const { planned } = await compareFile(api, file, byName([route]));
  return planned.problems.length === 0 && planned.lines.length === 0;
}
