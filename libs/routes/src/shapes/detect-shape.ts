// Which shape a route is in. The three shapes of elements differ in a few names only; one of them is enough.
import { isObject, member } from "../json-fields.ts";
import type { RouteShape } from "./route-shape.ts";
import type { FoundRoute } from "./unwrap-route.ts";

export function detectShape({ kind, body, isFromTerraform }: FoundRoute): RouteShape {
  if (kind !== "elements") return kind;
  const elements = Array.isArray(body) ? body : [];
  if (isFromTerraform) return "terraform";
  if (elements.some(isDocumented)) return "cloudflare_docs";
  return elements.some(isTerraform) ? "terraform" : "cloudflare";
}

function isDocumented(element: unknown): boolean {
  const properties = member(element, "properties");
  return (
    member(element, "type") === "rate_limit" ||
    member(properties, "condition") !== undefined ||
    member(properties, "interval") !== undefined ||
    member(member(element, "outputs"), "else") !== undefined
  );
}

function isTerraform(element: unknown): boolean {
  const properties = member(element, "properties");
  const outputs = member(element, "outputs");
  return (
    member(properties, "limit_type") !== undefined ||
    member(properties, "ai_gateway_dynamic_routing_provider") !== undefined ||
    (isObject(outputs) && Object.values(outputs).some((output) => member(output, "element_id") !== undefined))
  );
}
