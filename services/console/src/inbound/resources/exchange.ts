// Routes in other shapes: imported and checked without saving anything, exported, and ready ones to start from.
import { exportRoute, importRoute, presets, readRouteDocument } from "@waybill/routes";
import { CheckRouteRequest, type RouteVersion, VersionRef } from "@waybill/wire";
import type { z } from "zod";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/routes.ts";
import { documentOf } from "../to-json/route-json.ts";
import { ROUTES, refOf, TAG } from "./route-reference.ts";

const HERE = { tag: TAG, dialect: "waybill" } as const;

export function exchangeEndpoints(owners: Owners): AnyEndpoint[] {
  return [readText(owners), checkRoute(owners), writeText(owners), listPresets()];
}

const readText = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES}/import`,
    id: "importRoute",
    summary: "Read a route in any shape, and save nothing",
    params: nothing,
    query: organisationQuery,
    body: schemas.importBody,
    answer: schemas.importedRoute,
    async handle({ admin: { organisationId }, body }) {
      const { shape, name, document, warnings, problems } = importRoute(body.text, body.shape);
      const answer = { shape, name: name ?? null, document: { ...document }, warnings };
      if (problems.length > 0) return { ...answer, problems };
      // What only the catalogue can say.
      const documentJson = JSON.stringify(document);
      return { ...answer, ...(await routing.checkRoute(CheckRouteRequest.create({ organisationId, documentJson }))) };
    },
  });

const checkRoute = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${ROUTES}/check`,
    id: "checkRoute",
    summary: "Every problem of a document, and save nothing",
    params: nothing,
    query: organisationQuery,
    body: schemas.checkBody,
    answer: schemas.checkedRoute,
    async handle({ admin: { organisationId }, body }) {
      const documentJson = JSON.stringify(body.document);
      return routing.checkRoute(CheckRouteRequest.create({ organisationId, documentJson }));
    },
  });

const writeText = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${ROUTES}/{name}/export`,
    id: "exportRoute",
    summary: "A version as text in the shape that is asked for",
    params: schemas.routeParams,
    query: schemas.exportQuery,
    body: noBody,
    answer: schemas.exportedRoute,
    async handle({ admin, params, query: { shape, version = 0 } }) {
      const found = await routing.getVersion(VersionRef.create({ route: refOf(admin, params), version }));
      return exported(found, shape, params.name);
    },
  });

const listPresets = () =>
  endpoint({
    ...HERE,
    method: "GET",
    path: "/api/v1/presets",
    id: "listPresets",
    summary: "Ready routes to start from",
    params: nothing,
    query: organisationQuery,
    body: noBody,
    answer: schemas.presetList,
    async handle() {
      return {
        presets: presets().map(({ mode, models, document, ...preset }) => ({
          ...preset,
          mode: mode ?? null,
          models: [...models],
          document: { ...document },
        })),
      };
    },
  });

function exported(
  found: RouteVersion,
  shape: z.output<typeof schemas.shape>,
  name: string,
): z.input<typeof schemas.exportedRoute> {
  const { version, source } = found;
  // What came in a shape goes out in it as it came.
  if (source?.shape === shape) return { name, version, shape, text: source.text, asImported: true, warnings: [] };
  const { document } = readRouteDocument(documentOf(found));
  return { name, version, shape, asImported: false, ...exportRoute(document, shape, name) };
}
