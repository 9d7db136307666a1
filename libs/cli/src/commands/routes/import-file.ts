// A route file as the API reads it, and documents that the API refuses as problems of their file.
import type { Api } from "../../api/client.ts";
import { Refusal } from "../../api/errors.ts";
import type { ImportedRoute } from "../../api/shapes.ts";
import { type Problem, ProblemsEnding } from "../../exit-codes.ts";
import type { RouteFile } from "../../files/route-files.ts";

export interface ImportedFile extends Omit<ImportedRoute, "problems"> {
  /** Each with the file's path. Where there are any, the document is not to be used. */
  problems: Problem[];
}

const TOO_LARGE = "body_too_large";

/** Saves nothing. `shape`: where it is not to be told from the text. */
export async function importFile(api: Api, file: RouteFile, shape?: string): Promise<ImportedFile> {
  const { path, text, problems: unreadable } = file;
  if (unreadable.length > 0) return unusable(unreadable);
  try {
    const imported = await api.post<ImportedRoute>("/routes/import", { text, ...(shape !== undefined && { shape }) });
    return { ...imported, problems: withPath(path, imported.problems) };
  } catch (error) {
    // One file of many: which one it is must be said.
    if (!(error instanceof Refusal) || error.code !== TOO_LARGE) throw error;
    return unusable([{ path, node: "", field: "", problem: error.message }]);
  }
}

function unusable(problems: Problem[]): ImportedFile {
  return { shape: "waybill", name: null, document: { nodes: [] }, warnings: [], problems };
}

/** Throws ProblemsEnding where the file has problems. */
export async function importSoundFile(api: Api, file: RouteFile, shape?: string): Promise<ImportedFile> {
  const imported = await importFile(api, file, shape);
  if (imported.problems.length === 0) return imported;
  throw new ProblemsEnding(`${file.path} has problems`, imported.problems);
}

/** Throws ProblemsEnding where the API refuses what stands in the file at `path`. */
export async function asProblemsOf<T>(path: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Refusal) || error.problems.length === 0) throw error;
    throw new ProblemsEnding(error.message, withPath(path, error.problems));
  }
}

function withPath(path: string, problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ path, ...problem }));
}
