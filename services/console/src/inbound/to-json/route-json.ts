// Routes, versions and deployments of the wire as the admin API shows them.
import { ROUTE_SHAPES } from "@waybill/routes";
import type { Deployment, Route, RouteVersion } from "@waybill/wire";
import type { z } from "zod";
import type { deploymentList, route, routeVersion, versionList } from "../schemas/routes.ts";
import { isoTime, isoTimeOrNull } from "./iso-time.ts";

type JsonObject = Record<string, unknown>;

export function routeJson(wire: Route): z.input<typeof route> {
  const { id, organisationId, name, createdAtMs, modifiedAtMs, latestVersion } = wire;
  const isDeployed = wire.deployedVersion !== 0;
  return {
    ...{ id, organisationId, name, latestVersion },
    createdAt: isoTime(createdAtMs),
    modifiedAt: isoTime(modifiedAtMs),
    deployedVersion: isDeployed ? wire.deployedVersion : null,
    deployedAt: isDeployed ? isoTimeOrNull(wire.deployedAtMs) : null,
    deploymentId: isDeployed ? wire.deploymentId : null,
  };
}

export function versionSummaryJson(wire: RouteVersion): z.input<typeof versionList>["versions"][number] {
  const { version, createdAtMs, createdBy, reason, deployed, source } = wire;
  return {
    ...{ version, createdBy, reason, deployed },
    createdAt: isoTime(createdAtMs),
    sourceShape: ROUTE_SHAPES.find((known) => known === source?.shape) ?? null,
  };
}

export function versionJson(wire: RouteVersion): z.input<typeof routeVersion> {
  return { ...versionSummaryJson(wire), document: documentOf(wire), source: wire.source ?? null };
}

export function documentOf({ documentJson }: RouteVersion): JsonObject {
  return JSON.parse(documentJson) as JsonObject;
}

export function deploymentJson(wire: Deployment): z.input<typeof deploymentList>["deployments"][number] {
  const { id, version, deployedAtMs, deployedBy, reason } = wire;
  return { id, version, deployedBy, reason, deployedAt: isoTime(deployedAtMs) };
}
