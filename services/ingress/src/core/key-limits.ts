// What a key may be used for: on which surfaces, and for which routes. Which models it may use is the router's to say, who knows what
// names mean.
import { WaybillError } from "@waybill/domain";
import type { SurfaceName } from "@waybill/surfaces";
import type { VirtualKey } from "@waybill/wire";

const ROUTE_PREFIX = "dynamic/";
/** The route that every installation has. */
const AUTO = "auto";
const NAMES_SHOWN_MAX = 10;

type RouteLimits = Pick<VirtualKey, "allowedRoutes" | "allowedModels">;

/** Throws WaybillError surface_not_allowed. */
export function checkSurface({ allowedSurfaces }: Pick<VirtualKey, "allowedSurfaces">, surface: SurfaceName): void {
  if (allowedSurfaces.length === 0 || allowedSurfaces.includes(surface)) return;
  const publicMessage = `This API key may not be used for ${surface}; it is for ${shown(allowedSurfaces)}.`;
  throw new WaybillError("surface_not_allowed", { publicMessage });
}

/**
 * `requested` is what the client wrote as `model`. A key with a list of routes may ask for these; and directly only for models, where
 * it has a list of models too. Throws WaybillError route_not_allowed.
 */
export function checkRoute({ allowedRoutes, allowedModels }: RouteLimits, requested: string): void {
  if (mayName({ allowedRoutes, allowedModels }, requested)) return;
  const publicMessage = `This API key may only use ${shown(allowedRoutes.map(nameOf))}.`;
  throw new WaybillError("route_not_allowed", { publicMessage, param: "model" });
}

/** Whether GET /v1/models shows the name to the key. */
export function mayName({ allowedRoutes, allowedModels }: RouteLimits, name: string): boolean {
  if (allowedRoutes.length === 0) return true;
  const route = routeNamed(name);
  return route === undefined ? allowedModels.length > 0 : allowedRoutes.includes(route);
}

/** The route's name without a version; undefined: no route is named. */
function routeNamed(requested: string): string | undefined {
  if (requested === AUTO) return AUTO;
  if (!requested.startsWith(ROUTE_PREFIX)) return undefined;
  const written = requested.slice(ROUTE_PREFIX.length);
  const at = written.lastIndexOf("@");
  return at > 0 ? written.slice(0, at) : written;
}

function nameOf(route: string): string {
  return route === AUTO ? AUTO : ROUTE_PREFIX + route;
}

function shown(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN_MAX;
  return names.slice(0, NAMES_SHOWN_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
