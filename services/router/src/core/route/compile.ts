// Route document to checked and linked graph. What passes here cannot fail at request time for a reason of its own.
import {
  type Condition,
  checkGraph,
  compileCondition,
  type RouteDocument,
  type RouteProblem,
  readRouteDocument,
  type StartNode,
} from "@waybill/routes";
import type { CompiledRoute } from "./compiled-route.ts";
import { linkGraph } from "./link.ts";
import { checkWalk } from "./walk-size.ts";

export interface RouteIdentity {
  /** Empty: everyone's. */
  organisationId: string;
  name: string;
  version: number;
}

export type Compilation = { route: CompiledRoute; problems: [] } | { route: undefined; problems: RouteProblem[] };

/** What the names in a document mean where it is saved. */
export interface KnownNames {
  hasModel(name: string): boolean;
  hasFilter(id: string): boolean;
}

const EVERYTHING_EXISTS: KnownNames = { hasModel: () => true, hasFilter: () => true };

/**
 * Compiles a parsed JSON document. `known` says whether its names mean something where the route is saved; a route that is
 * loaded does not ask, because a model may be taken away later.
 */
export function compileRoute(
  identity: RouteIdentity,
  json: unknown,
  known: KnownNames = EVERYTHING_EXISTS,
): Compilation {
  const { document, problems } = readRouteDocument(json);
  const conditions = compileConditions(document, problems);
  checkNames(document, known, problems);
  problems.push(...checkGraph(document));
  const start = document.nodes.find(({ kind }) => kind === "start");
  if (problems.length > 0 || !start) return { route: undefined, problems };
  const linked = linkGraph(document, start.id, conditions);
  const tooLarge = checkWalk(linked);
  if (tooLarge) return { route: undefined, problems: [tooLarge] };
  const texts = [...conditions.values()].map(({ cel }) => cel);
  const route = {
    ...identity,
    start: linked,
    readsBody: texts.some((text) => /\bbody\b/.test(text)),
    readsModels: texts.some((text) => /\bmodel\b/.test(text)),
    readsBudget: texts.some((text) => /\bbudget\b/.test(text)),
  };
  return { route, problems: [] };
}

function compileConditions({ nodes }: RouteDocument, problems: RouteProblem[]): Map<string, Condition> {
  const conditions = new Map<string, Condition>();
  for (const node of nodes) {
    if (node.kind !== "if") continue;
    const report = (field: string, problem: string): void => void problems.push({ node: node.id, field, problem });
    conditions.set(node.id, compileCondition(node.condition, report));
  }
  return conditions;
}

function checkNames({ nodes }: RouteDocument, known: KnownNames, problems: RouteProblem[]): void {
  const check = (node: string, field: string, name: string): void => {
    if (name !== "" && !known.hasModel(name)) problems.push({ node, field, problem: `${name} does not exist` });
  };
  for (const node of nodes) {
    if (node.kind === "start") checkFilters(node, known, problems);
    if (node.kind === "model") check(node.id, "model", node.model);
    if (node.kind === "auto") node.models.forEach((name, index) => void check(node.id, `models[${index}]`, name));
  }
}

function checkFilters({ id, filters = [] }: StartNode, known: KnownNames, problems: RouteProblem[]): void {
  filters.forEach((filter, index) => {
    if (known.hasFilter(filter)) return;
    problems.push({ node: id, field: `filters[${index}]`, problem: `there is no content filter ${filter}` });
  });
}
