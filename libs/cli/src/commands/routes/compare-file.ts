// A route file beside what the server has: new, changed, saved but not in service, or the same.
import { diffDocuments, formatDiff, readRouteDocument } from "@waybill/routes";
import { type Api, pathOf } from "../../api/client.ts";
import type { Route, RouteDocument, RouteVersion } from "../../api/shapes.ts";
import type { RouteFile } from "../../files/route-files.ts";
import type { PlannedRoute } from "../../print/plan.ts";
import { importFile } from "./import-file.ts";

export interface ComparedFile {
  planned: PlannedRoute;
  document: RouteDocument;
  /** Of the file: its shape and what stands in it. */
  shape: string;
  text: string;
}

/** Files that are compared at the same time. */
export const FILES_AT_ONCE = 8;

/**
 * Compares with what is in service; where that differs, also with the latest version, which may be a draft. `onServer` are all routes
 * by name.
 */
export async function compareFile(
  api: Api,
  file: RouteFile,
  onServer: ReadonlyMap<string, Route>,
): Promise<ComparedFile> {
  const { name, path, text } = file;
  const { document, warnings, problems, shape } = await importFile(api, file);
  const route = onServer.get(name);
  const { latestVersion = 0, deployedVersion = null } = route ?? {};
  const about = { name, path, warnings, problems, latestVersion, deployedVersion };
  const found = { document, shape, text };
  if (!route) {
    const lines = problems.length > 0 ? [] : [`+ ${document.nodes.length} nodes`];
    return { ...found, planned: { ...about, change: "new", lines } };
  }
  if (problems.length > 0) return { ...found, planned: { ...about, change: "changed", lines: [] } };
  const inService = deployedVersion ?? latestVersion;
  const lines = differenceOf(await readVersion(api, name, inService), document);
  if (lines.length === 0) {
    return { ...found, planned: { ...about, change: deployedVersion === null ? "saved" : "same", lines } };
  }
  const isDraft = inService !== latestVersion && (await isVersion(api, name, latestVersion, document));
  return { ...found, planned: { ...about, change: isDraft ? "saved" : "changed", lines } };
}

export function byName(routes: readonly Route[]): ReadonlyMap<string, Route> {
  return new Map(routes.map((route) => [route.name, route]));
}

async function isVersion(api: Api, name: string, version: number, document: RouteDocument): Promise<boolean> {
  return differenceOf(await readVersion(api, name, version), document).length === 0;
}

async function readVersion(api: Api, name: string, version: number): Promise<RouteDocument> {
  return (await api.get<RouteVersion>(pathOf("routes", name, "versions", version))).document;
}

/** Both are read, so that what one leaves out and the other says is no difference. */
function differenceOf(before: RouteDocument, after: RouteDocument): string[] {
  return formatDiff(diffDocuments(readRouteDocument(before).document, readRouteDocument(after).document));
}
