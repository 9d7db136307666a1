// Routes as files: one file per route, its name the file's, its content a document or any other shape the API can import.
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parse as parseYaml } from "yaml";
import { Ending, EXIT, type Problem } from "../exit-codes.ts";

export interface RouteFile {
  path: string;
  name: string;
  /** JSON, with comments allowed. */
  text: string;
  /** Why the file cannot be read as it is; then the text is empty. */
  problems: Problem[];
}

export interface FilesGiven {
  files: RouteFile[];
  /** True: a folder was among what was given, so what is not in it is worth a word. */
  hasFolder: boolean;
}

export const DEFAULT_FOLDER = "routes";
const EXTENSION = /\.(jsonc?|ya?ml)$/;
const YAML = /\.ya?ml$/;
/** As the API takes it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const FILES_MAX = 20_000;
const FILE_BYTES_MAX = 16 * 1024 * 1024;

export function isRouteFile(path: string): boolean {
  return EXTENSION.test(path);
}

/** The files of folders and the files themselves, by path. Throws Ending for what is not there and for a name that stands twice. */
export async function readRouteFiles(paths: readonly string[]): Promise<FilesGiven> {
  const found = await Promise.all((paths.length === 0 ? [DEFAULT_FOLDER] : paths).map(filesOf));
  const files = [...new Set(found.flatMap(({ names }) => names))].sort();
  if (files.length > FILES_MAX) throw new Ending(`these are more than ${FILES_MAX} files`, EXIT.usage);
  const seen = new Map<string, string>();
  const read: RouteFile[] = [];
  for (const path of files) {
    const file = await readRouteFile(path);
    const other = seen.get(file.name);
    if (other) throw new Ending(`${other} and ${path} are both the route ${file.name}: keep one`, EXIT.usage);
    seen.set(file.name, path);
    read.push(file);
  }
  return { files: read, hasFolder: found.some(({ isFolder }) => isFolder) };
}

async function filesOf(path: string): Promise<{ names: string[]; isFolder: boolean }> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    const hint = "name files or folders, or make some with `waybill routes pull`";
    throw new Ending(`there is no file or folder ${path}: ${hint}`, EXIT.usage);
  }
  if (!found.isDirectory()) return { names: [path], isFolder: false };
  const names = (await readdir(path)).filter(isRouteFile).map((name) => join(path, name));
  return { names, isFolder: true };
}

/** Throws Ending where it cannot be read. */
export async function readRouteFile(path: string): Promise<RouteFile> {
  const text = await readText(path);
  const name = basename(path).replace(EXTENSION, "");
  const problems: Problem[] = NAME.test(name)
    ? []
    : [problemOf(path, "the file's name is no route name: 1 to 64 letters, digits, dots, dashes or underscores")];
  if (!YAML.test(path)) return { path, name, text, problems };
  try {
    return { path, name, text: JSON.stringify(parseYaml(text)), problems };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { path, name, text: "", problems: [...problems, problemOf(path, `is not YAML: ${reason}`)] };
  }
}

function problemOf(path: string, problem: string): Problem {
  return { path, node: "", field: "", problem };
}

/** Throws Ending where it cannot be read or is larger than any file that is meant here. */
export async function readText(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new Ending(`there is no ${path}`, EXIT.usage);
  if (!found.isFile()) throw new Ending(`${path} is no file`, EXIT.usage);
  if (found.size > FILE_BYTES_MAX) throw new Ending(`${path} has more than ${FILE_BYTES_MAX} bytes`, EXIT.usage);
  return readFile(path, "utf8");
}

/** The file of a route in a folder, whatever its format; undefined: there is none. Throws Ending for a name no route can have. */
export async function findRouteFile(folder: string, name: string): Promise<RouteFile | undefined> {
  // The name came from a server and becomes part of a path.
  if (!NAME.test(name)) throw new Ending(`${JSON.stringify(name)} cannot be the name of a file`, EXIT.failed);
  const names = await readdir(folder).catch(() => []);
  const found = names.find((file) => EXTENSION.test(file) && file.replace(EXTENSION, "") === name);
  return found === undefined ? undefined : readRouteFile(join(folder, found));
}

/** Writes a route as JSON; its path. */
export async function writeRouteFile(folder: string, name: string, text: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  await writeFile(path, text);
  return path;
}
