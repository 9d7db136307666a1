// Routes to test with.
import { compileRoute } from "./compile.ts";
import type { CompiledRoute } from "./compiled-route.ts";

export const END = { id: "end", kind: "end" };

export function startAt(next: string): object {
  return { id: "start", kind: "start", next };
}

export function modelNode(id: string, model: string, fallback?: string): object {
  return { id, kind: "model", model, next: "end", ...(fallback !== undefined && { fallback }) };
}

export function limitNode(id: string, within: string, exceeded: string, rest: object = {}): object {
  return {
    id,
    kind: "limit",
    metric: "count",
    amount: "2",
    window: { kind: "fixed", seconds: 60 },
    within,
    exceeded,
    ...rest,
  };
}

/** Compiles nodes that must be a sound route named `r`, version 1, of everyone. */
export function sampleRoute(nodes: readonly unknown[], version = 1): CompiledRoute {
  const { route, problems } = compileRoute({ organisationId: "", name: "r", version }, { nodes });
  if (!route) throw new Error(JSON.stringify(problems));
  return route;
}
