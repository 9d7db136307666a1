// routes import: a route in the shape of another tool becomes one of ours.
import type { Command } from "commander";
import { type Api, pathOf } from "../../api/client.ts";
import { Refusal } from "../../api/errors.ts";
import type { Route, SavedVersion } from "../../api/shapes.ts";
import { formatDocument } from "../../files/format-document.ts";
import { readRouteFile } from "../../files/route-files.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { asProblemsOf, importSoundFile } from "./import-file.ts";
import { SHAPES } from "./shapes.ts";

interface ImportOptions {
  shape?: string;
  name?: string;
  deploy?: boolean;
  dryRun?: boolean;
  reason?: string;
}

export function addRoutesImport(routes: Command): void {
  addVerb(
    routes,
    "import <file>",
    `save a file of any shape (${SHAPES}) as a route, or as a new version of one; a draft unless --deploy`,
    "routes import cloudflare.json --name support --deploy",
    "routes import main.tf.json --dry-run > routes/support.json",
  )
    .option("--shape <shape>", "the shape, where it cannot be told from the file")
    .option("--name <name>", "the route's name; default: the one in the file, else the file's own")
    .option("--deploy", "put it in service at once")
    .option("--dry-run", "print what it means as a route file, and save nothing")
    .option("--reason <text>", "why; stands in the version and in the audit log")
    .action(async (path: string, options: ImportOptions, command: Command) => {
      const { api, print, note } = contextOf(command);
      const { shape, deploy = false, reason = `imported from ${path}` } = options;
      // Only the route's name decides how it is called, not the file's.
      const read = await readRouteFile(path);
      const file = options.name === undefined ? read : { ...read, problems: read.text === "" ? read.problems : [] };
      const imported = await importSoundFile(api, file, shape);
      for (const warning of imported.warnings) note(`warning: ${warning}`);
      if (options.dryRun) {
        print(imported, () => formatDocument(imported.document).trimEnd());
        return;
      }
      const name = options.name ?? imported.name ?? file.name;
      const body = { import: { text: file.text, ...(shape !== undefined && { shape }) }, reason, deploy };
      const saved = await asProblemsOf(path, save(api, name, body));
      print(saved, () => `${name}@${saved.version.version} is ${deploy ? "in service" : "saved"}`);
    });
}

async function save(api: Api, name: string, body: Readonly<Record<string, unknown>>): Promise<SavedVersion> {
  if (await exists(api, name)) return api.post<SavedVersion>(pathOf("routes", name, "versions"), body);
  return api.post<SavedVersion>("/routes", { name, ...body });
}

async function exists(api: Api, name: string): Promise<boolean> {
  try {
    await api.get<Route>(pathOf("routes", name));
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === "not_found") return false;
    throw error;
  }
}
