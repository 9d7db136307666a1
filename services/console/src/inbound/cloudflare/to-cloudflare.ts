// Our routes and versions as Cloudflare's objects.
import { readRouteDocument, toCloudflareElements } from "@waybill/routes";
import type { Deployment, Route, RouteVersion } from "@waybill/wire";
import type { z } from "zod";
import type * as schemas from "../schemas/cloudflare.ts";
import { isoTime } from "../to-json/iso-time.ts";

type Element = z.input<typeof schemas.route>["elements"][number];

/** What was sent stands there as it was sent; anything else is written in Cloudflare's words. */
export function elementsOf({ source, documentJson }: RouteVersion): Element[] {
  if (source?.shape === "cloudflare") {
    const sent = sentElements(source.text);
    if (sent) return sent;
  }
  const { document } = readRouteDocument(JSON.parse(documentJson));
  return toCloudflareElements(document).elements.map((element) => ({ ...element }));
}

function sentElements(text: string): Element[] | undefined {
  try {
    const { elements } = JSON.parse(text) as { elements?: unknown };
    return Array.isArray(elements) ? (elements as Element[]) : undefined;
  } catch {
    // Imported as a text with comments; what we made of it serves.
    return undefined;
  }
}

export function savedVersionObject(route: Route, version: RouteVersion): z.input<typeof schemas.savedVersion> {
  const { id, name, createdAtMs, modifiedAtMs } = route;
  return {
    ...{ id, name },
    gateway_id: "default",
    created_at: isoTime(createdAtMs),
    modified_at: isoTime(modifiedAtMs),
    elements: elementsOf(version),
  };
}

export function versionObject(version: RouteVersion): z.input<typeof schemas.version> {
  return {
    version_id: String(version.version),
    active: version.deployed ? "true" : "false",
    created_at: isoTime(version.createdAtMs),
    data: JSON.stringify(elementsOf(version)),
    is_valid: true,
  };
}

export function routeVersionObject(route: Route, version: RouteVersion): z.input<typeof schemas.routeVersion> {
  return { ...savedVersionObject(route, version), ...versionObject(version) };
}

export function routeObject(route: Route, version: RouteVersion): z.input<typeof schemas.route> {
  const isDeployed = route.deployedVersion !== 0;
  return {
    ...savedVersionObject(route, version),
    account_tag: route.organisationId,
    deployment: isDeployed
      ? {
          deployment_id: route.deploymentId,
          version_id: String(route.deployedVersion),
          created_at: isoTime(route.deployedAtMs),
        }
      : null,
    version: versionObject(version),
  };
}

export function deploymentObject({ id, version, deployedAtMs }: Deployment): z.input<typeof schemas.deployment> {
  return { deployment_id: id, version_id: String(version), created_at: isoTime(deployedAtMs) };
}
