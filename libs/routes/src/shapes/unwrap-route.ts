// Finding the route in what it came wrapped in: answers of an API, what `terraform show -json` prints, a Terraform file in JSON.
import { isObject, member } from "../json-fields.ts";
import { readJsonc } from "./read-jsonc.ts";

export interface FoundRoute {
  readonly name: string | undefined;
  /** `elements`: a list of them. `seed`: an object with nodes and edges. `waybill`: an object with a list of nodes. */
  readonly kind: "elements" | "seed" | "waybill";
  readonly body: unknown;
  readonly isFromTerraform: boolean;
  /** Names of other routes beside it. */
  readonly others: readonly string[];
}

const WRAPPERS_MAX = 8;
const RESOURCE = "cloudflare_ai_gateway_dynamic_routing";
const WRAPPERS = ["result", "route", "document", "version", "data"] as const;

/** undefined: there is none. */
export function unwrapRoute(json: unknown, wrappers = 0): FoundRoute | undefined {
  if (wrappers > WRAPPERS_MAX) return undefined;
  if (Array.isArray(json)) return found("elements", json, undefined);
  if (typeof json === "string") {
    const read = readJsonc(json);
    return "json" in read && typeof read.json !== "string" ? unwrapRoute(read.json, wrappers + 1) : undefined;
  }
  if (!isObject(json)) return undefined;
  return plainRoute(json) ?? terraformRoute(json, wrappers) ?? wrappedRoute(json, wrappers);
}

function found(kind: FoundRoute["kind"], body: unknown, name: unknown): FoundRoute {
  return { kind, body, name: typeof name === "string" ? name : undefined, isFromTerraform: false, others: [] };
}

function plainRoute(json: unknown): FoundRoute | undefined {
  const elements = member(json, "elements");
  const nodes = member(json, "nodes");
  const name = member(json, "name");
  if (Array.isArray(elements)) return found("elements", elements, name);
  if (Array.isArray(nodes)) return found("waybill", json, name);
  return isObject(nodes) ? found("seed", json, name) : undefined;
}

function wrappedRoute(json: unknown, wrappers: number): FoundRoute | undefined {
  for (const wrapper of WRAPPERS) {
    const value = member(json, wrapper);
    const inner = isObject(value) || typeof value === "string" || Array.isArray(value) ? value : undefined;
    const route = inner === undefined ? undefined : unwrapRoute(inner, wrappers + 1);
    const name = member(json, "name");
    if (route) return typeof name === "string" ? { ...route, name } : route;
  }
  return undefined;
}

function terraformRoute(json: unknown, wrappers: number): FoundRoute | undefined {
  const values = member(json, "values") ?? member(json, "planned_values");
  const shown = resourcesOf(member(values, "root_module"), wrappers);
  const written = member(member(json, "resource"), RESOURCE);
  const routes = shown.length > 0 ? shown : isObject(written) ? Object.values(written).map(unescapeTemplates) : [];
  const [first, ...others] = routes.flatMap((route) => (Array.isArray(route) ? route : [route])).map(plainRoute);
  return first && { ...first, isFromTerraform: true, others: others.map((other) => other?.name ?? "?") };
}

function resourcesOf(module: unknown, depth: number): unknown[] {
  const resources = member(module, "resources");
  const children = member(module, "child_modules");
  return [
    ...(Array.isArray(resources) ? resources : [])
      .filter((resource) => member(resource, "type") === RESOURCE)
      .map((resource) => member(resource, "values")),
    ...(Array.isArray(children) && depth <= WRAPPERS_MAX
      ? children.flatMap((child) => resourcesOf(child, depth + 1))
      : []),
  ];
}

/** In a Terraform file every text is a template. */
function unescapeTemplates(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$${", "${").replaceAll("%%{", "%{");
  if (Array.isArray(value)) return value.map(unescapeTemplates);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unescapeTemplates(item)]));
}

export function escapeTemplates(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("${", "$${").replaceAll("%{", "%%{");
  if (Array.isArray(value)) return value.map(escapeTemplates);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, escapeTemplates(item)]));
}
