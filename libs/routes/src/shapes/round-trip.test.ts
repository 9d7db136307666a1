// Routes through one shape and back, for random routes: nothing is lost on the way, and what a shape cannot say is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkGraph } from "../document/check-graph.ts";
import { readRouteDocument } from "../document/read-document.ts";
import type { RouteDocument, RouteNode, SplitShare } from "../document/route-document.ts";
import { checkCloudflareElements } from "./check-cloudflare.ts";
import { exportRoute, toCloudflareElements } from "./export-route.ts";
import { importCloudflareElements, importRoute } from "./import-route.ts";
import { ROUTE_SHAPES, type RouteShape } from "./route-shape.ts";

/** A small generator of its own, so that a failing route comes back from its one number. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  of<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    assert.ok(value !== undefined);
    return value;
  }
}

const CONDITIONS: readonly Record<string, unknown>[] = [
  { "metadata.actor": { $eq: "agent" } },
  { "metadata.plan": "paid", "headers.x-region": { $in: ["eu", "us"] } },
  { $or: [{ "metadata.a": { $gt: 5, $lte: 7.5 } }, { $nor: [{ "body.user": { $exists: true } }] }] },
  { "metadata.a": { $ne: 'say "\u0024{x}" %{y} — ☃' } },
];
const KEYS = ["metadata.user_id", "metadata.team-1", "headers.x-user-id", "route", "caller.tags.cost.center"] as const;
const MODELS = [
  ["openai", "gpt-4.1"],
  ["workers-ai", "@cf/meta/llama-3.1-8b-instruct"],
  ["google-ai-studio", "gemini-2.5-flash"],
] as const;

/** Different hundredths that sum to 100 percent. */
function percentages(count: number, chance: Chance): string[] {
  const cuts = new Set<number>();
  while (cuts.size < count - 1) cuts.add(1 + chance.below(chance.of([99, 9_999])));
  const ordered = [0, ...[...cuts].sort((a, b) => a - b), 10_000];
  const parts = ordered.slice(1).map((cut, index) => (cut - (ordered[index] ?? 0)) / 100);
  return new Set(parts).size === parts.length ? parts.map((part) => `${part}%`) : percentages(count, chance);
}

type Element = { id: string; type: string; properties?: Record<string, unknown>; outputs: Record<string, unknown> };

function liveRoute(seed: number): Element[] {
  const chance = new Chance(seed);
  const count = 1 + chance.below(12);
  const ids = Array.from({ length: count }, (_, index) => `n${index}-${chance.below(1_000)}_x`);
  const ends = ["end", "end-2"];
  const later = (index: number) => ({
    elementId: [...ids.slice(index + 1), ...ends][chance.below(count - index - 1 + ends.length)] ?? "end",
  });
  const end = () => ({ elementId: chance.of(["end", "end-2"]) });
  const elements = ids.map((id, index): Element => {
    switch (chance.of(["conditional", "percentage", "rate", "model"])) {
      case "conditional": {
        const properties = chance.below(8) === 0 ? {} : { conditions: chance.of(CONDITIONS) };
        return { id, type: "conditional", properties, outputs: { true: later(index), false: later(index) } };
      }
      case "percentage": {
        const names = percentages(1 + chance.below(5), chance);
        return { id, type: "percentage", outputs: Object.fromEntries(names.map((name) => [name, later(index)])) };
      }
      case "rate": {
        const isCost = chance.below(2) === 0;
        const limit = isCost ? chance.of([0, 0.1, 1e-9, 1000, 19.999_999_999]) : chance.below(1_000);
        const limitType = isCost ? "cost" : "count";
        const properties = { limitType, key: chance.of(KEYS), limit, window: 1 + chance.below(100_000) };
        return { id, type: "rate", properties, outputs: { success: later(index), fallback: later(index) } };
      }
      default: {
        const [provider, model] = chance.of(MODELS);
        const properties = { provider, model, retries: chance.below(6), timeout: 1 + chance.below(3_600_000) };
        return { id, type: "model", properties, outputs: { success: end(), fallback: later(index) } };
      }
    }
  });
  const start: Element = { id: "start", type: "start", outputs: { next: { elementId: ids[0] } } };
  const all = [start, ...elements, ...ends.map((id): Element => ({ id, type: "end", outputs: {} }))];
  return reachable(all).sort(() => chance.below(3) - 1);
}

function reachable(elements: readonly Element[]): Element[] {
  const reached = new Set(["start"]);
  for (const { id, outputs } of elements) {
    if (reached.has(id))
      for (const edge of Object.values(outputs)) reached.add((edge as { elementId: string }).elementId);
  }
  return elements.filter(({ id }) => reached.has(id));
}

const SEEDS = fc.integer({ min: 0, max: 2 ** 31 });

test("what the live API accepts comes back from a document exactly as it was", () => {
  fc.assert(
    fc.property(SEEDS, (seed) => {
      const elements = liveRoute(seed);
      assert.deepEqual(checkCloudflareElements(elements), []);
      const { document, problems } = importCloudflareElements(elements);
      assert.deepEqual(problems, []);
      assert.deepEqual(readRouteDocument(JSON.parse(JSON.stringify(document))).problems, []);
      const written = toCloudflareElements(document).elements;
      // As text, so that the order of elements and of outputs counts as well.
      assert.equal(text(written), text(elements));
    }),
    { numRuns: 500 },
  );
});

/** Properties in the order of their names: of them no order is promised. */
function text(elements: readonly { properties?: unknown; id: string; type: string; outputs?: unknown }[]): string {
  const sort = (properties: unknown): unknown =>
    properties && Object.fromEntries(Object.entries(properties).sort(([one], [other]) => (one < other ? -1 : 1)));
  return JSON.stringify(
    elements.map(({ id, type, properties, outputs }) => ({ id, type, properties: sort(properties), outputs })),
    null,
    1,
  );
}

for (const shape of ["cloudflare", "cloudflare_docs", "terraform", "waybill"] as const) {
  test(`a live route written as ${shape} is read as the same document`, () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const { document } = importCloudflareElements(liveRoute(seed));
        const exported = exportRoute(document, shape, "support");
        const again = importRoute(exported.text, shape);
        assert.deepEqual(again.problems, []);
        assert.equal(again.name, "support");
        assert.deepEqual(again.document, document);
        assert.equal(exportRoute(again.document, shape, "support").text, exported.text);
      }),
      { numRuns: 200 },
    );
  });
}

function anyShares(chance: Chance, later: () => string): SplitShare[] {
  const count = 1 + chance.below(16);
  const cuts = Array.from({ length: count - 1 }, () => chance.below(chance.of([5, 101, 10_001])));
  const ordered = [0, ...cuts.sort((a, b) => a - b), 10_000];
  return ordered.slice(1).map((cut, index) => ({ percent: (cut - (ordered[index] ?? 0)) / 100, next: later() }));
}

const CEL = [
  'metadata.user_plan == "paid"',
  'has(metadata.a) && metadata.a != "x"',
  'metadata.a.startsWith("x")',
  "budget.used_share > 0.8 || request.hour < 8",
  "false",
] as const;

/** Any route of ours, also what other shapes cannot say. */
function ourRoute(seed: number): RouteDocument {
  const chance = new Chance(seed);
  const count = 1 + chance.below(10);
  const ids = Array.from({ length: count }, (_, index) => `n${index}`);
  const nodes: unknown[] = ids.map((id, index) => {
    const later = (): string => [...ids.slice(index + 1), "end"][chance.below(count - index)] ?? "end";
    const commit = chance.of([{}, { commitAfter: { ms: 500 } }, { commitAfter: { ms: 20, tokens: 5 } }]);
    const attempts = {
      retries: chance.below(6),
      backoff: chance.of(["constant", "exponential"]),
      timeouts: chance.of<object>([{}, { firstTokenMs: 5_000 }, { connectMs: 100, totalMs: 9_000 }]),
      next: "end",
      ...(chance.below(2) === 0 ? {} : { fallback: later() }),
    };
    switch (chance.of(["if", "split", "limit", "model", "auto"])) {
      case "if":
        return {
          id,
          kind: "if",
          condition: chance.of<unknown>([...CEL, ...CONDITIONS]),
          whenTrue: later(),
          whenFalse: later(),
        };
      case "split":
        return { id, kind: "split", shares: anyShares(chance, later), by: chance.of(["random", "metadata.user"]) };
      case "limit": {
        const window = chance.of<object>([
          { kind: "fixed", seconds: chance.of([60, 3_600, 86_400, 604_800]) },
          { kind: "calendar", period: chance.of(["day", "week", "month", "quarter", "year"]) },
          { kind: "total" },
        ]);
        const metric = chance.of(["cost", "count", "tokens"]);
        const [within, exceeded] = [later(), later()];
        return { id, kind: "limit", metric, amount: "250", window, key: chance.of(KEYS), within, exceeded };
      }
      case "model":
        return { id, kind: "model", model: chance.of(["better", "openai/gpt-4.1", "a/b/c"]), ...attempts, ...commit };
      default: {
        const models = chance.of([[], ["openai/gpt-4.1"], ["a/one", "b/two", "cheaper"]]);
        return { id, kind: "auto", mode: chance.of(["cost", "quality"]), models, affinity: "sticky", ...attempts };
      }
    }
  });
  const cache = chance.of([{}, { cache: { ttlSeconds: 300, scope: "organisation" } }, { filters: ["pii"] }]);
  const { document, problems } = readRouteDocument({
    nodes: [{ id: "start", kind: "start", next: "n0", ...cache }, ...nodes, { id: "end", kind: "end" }],
  });
  assert.deepEqual(problems, []);
  const unreached = new Set(checkGraph(document).map(({ node }) => node));
  return { nodes: document.nodes.filter(({ id }) => !unreached.has(id)) };
}

test("whatever a route of ours says, its export in every shape is sound and can be read again", () => {
  fc.assert(
    fc.property(SEEDS, fc.constantFrom(...ROUTE_SHAPES), (seed, shape: RouteShape) => {
      const exported = exportRoute(ourRoute(seed), shape, "support");
      const again = importRoute(exported.text, shape);
      assert.deepEqual(again.problems, []);
      assert.deepEqual(checkGraph(again.document), []);
      if (shape !== "cloudflare") return;
      const { elements } = JSON.parse(exported.text) as { elements: unknown };
      assert.deepEqual(checkCloudflareElements(elements), []);
    }),
    { numRuns: 1_000 },
  );
});

test("our own shape says everything", () => {
  fc.assert(
    fc.property(SEEDS, (seed) => {
      const document = ourRoute(seed);
      const exported = exportRoute(document, "waybill", "support");
      assert.deepEqual(exported.warnings, []);
      assert.deepEqual(importRoute(exported.text).document, document);
    }),
    { numRuns: 300 },
  );
});

test("an export that is read as another document has a warning", () => {
  fc.assert(
    fc.property(SEEDS, fc.constantFrom(...ROUTE_SHAPES), (seed, shape: RouteShape) => {
      const document = ourRoute(seed);
      const exported = exportRoute(document, shape, "support");
      if (exported.warnings.length > 0) return;
      assert.equal(meaning(importRoute(exported.text, shape).document), meaning(document));
    }),
    { numRuns: 1_000 },
  );
});

/** Without what means the same: a fallback to an end is none, daily in UTC is a day since 1970, conditions as CEL or not. */
function meaning({ nodes }: RouteDocument): string {
  const kinds = new Map(nodes.map(({ id, kind }) => [id, kind]));
  const same = (node: RouteNode): unknown => {
    if (node.kind === "model" && kinds.get(node.fallback ?? "") === "end") return { ...node, fallback: undefined };
    if (node.kind === "if") return { ...node, condition: "…" };
    if (node.kind === "limit" && JSON.stringify(node.window).includes("86400")) {
      return { ...node, window: { kind: "calendar", period: "day" } };
    }
    return node;
  };
  return JSON.stringify(nodes.map(same), null, 1);
}

test("no other shape has a cache or content filters, and each export says so", () => {
  const { document } = readRouteDocument({
    nodes: [
      { id: "start", kind: "start", next: "end", cache: { ttlSeconds: 300 }, filters: ["pii"] },
      { id: "end", kind: "end" },
    ],
  });
  for (const shape of ROUTE_SHAPES) {
    const { warnings } = exportRoute(document, shape, "support");
    for (const field of ["cache", "filters"]) {
      assert.equal(
        warnings.some((warning) => warning.includes(field)),
        shape !== "waybill",
        `${field} in ${shape}`,
      );
    }
  }
});
