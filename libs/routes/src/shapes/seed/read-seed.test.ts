// The seed's shape: budgets behind models do what their author meant, and what is said twice must agree.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouteDocument } from "../../document/route-document.ts";
import { toCloudflareElements } from "../export-route.ts";
import { importRoute } from "../import-route.ts";

type Edge = [from: string, to: string, condition?: string];
type Nodes = Record<string, Record<string, unknown>>;

function read(nodes: Nodes, edges: Edge[]) {
  const list = edges.map(([from, to, condition]) => ({ from, to, condition }));
  return importRoute(JSON.stringify({ name: "support", nodes: { start: { type: "start" }, ...nodes }, edges: list }));
}
function problemsOf(nodes: Nodes, edges: Edge[]): string[] {
  return read(nodes, edges).problems.map(({ node, field, problem }) => `${node}.${field} ${problem}`);
}
/** Each node as "id: where it leads". */
function linesOf({ nodes }: RouteDocument): string[] {
  return nodes.map((node) => {
    switch (node.kind) {
      case "if":
        return `${node.id}: ${node.whenTrue} / ${node.whenFalse}`;
      case "limit":
        return `${node.id}: ${node.within} / ${node.exceeded}`;
      case "model":
        return `${node.id}: ${node.next} / ${node.fallback}`;
      default:
        return `${node.id}: ${"next" in node ? node.next : ""}`;
    }
  });
}

const MODEL = { type: "model", provider: "openai", model: "gpt-4.1" };
const END = { type: "end" };
const CHECK = { type: "conditional", expression: 'metadata.user_plan == "paid"' };
const budget = (fallback: string, period = "monthly") => ({ type: "budget_limit", amount: 1000, period, fallback });

const SUPPORT: Nodes = {
  check_tier: { ...CHECK, true: "premium_model", false: "economy_model" },
  premium_model: MODEL,
  economy_model: { ...MODEL, model: "gpt-4.1-mini" },
  budget_limit: budget("economy_model"),
  end: END,
};
const SUPPORT_EDGES: Edge[] = [
  ["start", "check_tier"],
  ["check_tier", "premium_model", "true"],
  ["check_tier", "economy_model", "false"],
  ["premium_model", "budget_limit"],
  ["economy_model", "budget_limit"],
  ["budget_limit", "end"],
];

test("the seed's budget is checked before the expensive model, and never leads in a circle", () => {
  const { document, problems, warnings } = read(SUPPORT, SUPPORT_EDGES);
  assert.deepEqual(problems, []);
  assert.deepEqual(linesOf(document), [
    "start: check_tier",
    "check_tier: budget_limit / economy_model",
    "budget_limit: premium_model / economy_model",
    "premium_model: end / economy_model",
    "economy_model: end / undefined",
    "end: ",
  ]);
  assert.equal(warnings.length, 3);
});

test("the seed's route is Cloudflare's with a month of thirty days", () => {
  const model = (id: string, name: string, fallback: string) => ({
    id,
    type: "model",
    properties: { provider: "openai", model: name, retries: 0, timeout: 60_000 },
    outputs: { success: { elementId: "end" }, fallback: { elementId: fallback } },
  });
  assert.deepEqual(toCloudflareElements(read(SUPPORT, SUPPORT_EDGES).document).elements, [
    { id: "start", type: "start", outputs: { next: { elementId: "check_tier" } } },
    {
      id: "check_tier",
      type: "conditional",
      properties: { conditions: { "metadata.user_plan": { $eq: "paid" } } },
      outputs: { true: { elementId: "budget_limit" }, false: { elementId: "economy_model" } },
    },
    {
      id: "budget_limit",
      type: "rate",
      properties: { limitType: "cost", key: "route", limit: 1000, window: 2_592_000 },
      outputs: { success: { elementId: "premium_model" }, fallback: { elementId: "economy_model" } },
    },
    model("premium_model", "gpt-4.1", "economy_model"),
    model("economy_model", "gpt-4.1-mini", "end"),
    { id: "end", type: "end", outputs: {} },
  ]);
});

test("targets that stand in the node and among the edges must agree; one of them is enough", () => {
  const swapped = SUPPORT_EDGES.map(([from, to, condition]): Edge => {
    return condition === "true"
      ? [from, "economy_model", condition]
      : ([from, to, ...(condition ? [condition] : [])] as Edge);
  });
  assert.deepEqual(problemsOf(SUPPORT, swapped), [
    "check_tier.true must agree: the node leads to premium_model, and an edge to economy_model",
  ]);
  const whole = read(SUPPORT, SUPPORT_EDGES);
  assert.deepEqual(
    read(
      SUPPORT,
      SUPPORT_EDGES.filter(([, , condition]) => condition === undefined),
    ),
    whole,
  );
  assert.deepEqual(read({ ...SUPPORT, check_tier: CHECK }, SUPPORT_EDGES), whole);
});

test("a budget in front of a model stays where it is", () => {
  const nodes = { gate: budget("small", "daily"), big: MODEL, small: MODEL, end: END };
  const { document, problems, warnings } = read(nodes, [
    ["start", "gate"],
    ["gate", "big"],
    ["big", "end"],
    ["small", "end"],
  ]);
  assert.deepEqual([problems, warnings], [[], []]);
  assert.deepEqual(linesOf(document).slice(0, 3), ["start: gate", "gate: big / small", "big: end / undefined"]);
});

test("a budget behind two models is copied, and it is said that both count", () => {
  const nodes: Nodes = {
    check: { ...CHECK, true: "one", false: "two" },
    one: MODEL,
    two: MODEL,
    small: MODEL,
    gate: budget("small"),
    end: END,
  };
  const edges: Edge[] = [
    ["start", "check"],
    ["one", "gate"],
    ["two", "gate"],
    ["small", "gate"],
    ["gate", "end"],
  ];
  const { document, problems, warnings } = read(nodes, edges);
  assert.deepEqual(problems, []);
  assert.deepEqual(linesOf(document).slice(1), [
    "check: gate / gate-2",
    "gate: one / small",
    "one: end / small",
    "gate-2: two / small",
    "two: end / small",
    "small: end / undefined",
    "end: ",
  ]);
  assert.ok(warnings.some((warning) => /up to 2 times its amount/.test(warning)));
});

test("two budgets behind one model are both checked, in their order", () => {
  const nodes: Nodes = {
    big: MODEL,
    second: budget("small", "yearly"),
    first: budget("small", "daily"),
    small: MODEL,
    end: END,
  };
  const edges: Edge[] = [
    ["start", "big"],
    ["big", "first"],
    ["first", "second"],
    ["second", "end"],
    ["small", "end"],
  ];
  const { document, problems } = read(nodes, edges);
  assert.deepEqual(problems, []);
  assert.equal(linesOf(document).filter((line) => / \/ small$/.test(line)).length, 3);
});

test("periods are those of the calendar, and models may have no provider", () => {
  const periods = ["hourly", "daily", "weekly", "monthly", "quarterly", "yearly"];
  const windows = periods.map((period) => {
    const nodes = { gate: budget("m", period), m: { type: "model", model: "better" }, end: END };
    const { document, problems } = read(nodes, [
      ["start", "gate"],
      ["gate", "m"],
    ]);
    assert.deepEqual(problems, []);
    const model = document.nodes.find(({ kind }) => kind === "model");
    assert.equal(model?.kind === "model" ? model.model : "", "better");
    const limit = document.nodes.find(({ kind }) => kind === "limit");
    return limit?.kind === "limit" ? limit.window : undefined;
  });
  const calendar = ["day", "week", "month", "quarter", "year"].map((period) => ({ kind: "calendar", period }));
  assert.deepEqual(windows, [{ kind: "fixed", seconds: 3_600 }, ...calendar]);
});

test("an expression means what it means in the seed: what is missing is different from everything", () => {
  const nodes = { check: { ...CHECK, expression: 'metadata.x-plan != "paid"', true: "end", false: "end" }, end: END };
  const { document } = read(nodes, [["start", "check"]]);
  const node = document.nodes[1];
  assert.equal(node?.kind === "if" ? node.condition : "", '!holds(metadata["x-plan"] == "paid")');
});

test("every problem is named with its node and field, all at once", () => {
  const nodes: Nodes = {
    check: { type: "conditional", expression: "metadata.a ==", true: "nowhere", extra: 1 },
    gate: { type: "budget_limit", amount: "much", period: "sometimes" },
    model: { type: "model", provider: "a/b" },
    split: { type: "split" },
  };
  const edges: Edge[] = [
    ["start", "check"],
    ["start", "gate"],
    ["ghost", "gate"],
    ["check", "gate", "maybe"],
  ];
  const found = problemsOf(nodes, edges).map((problem) => problem.split(" ")[0]);
  assert.deepEqual(found, [
    "edges[2].from",
    "start.edges",
    "check.expression",
    "check.true",
    "check.false",
    "check.edges",
    "gate.amount",
    "gate.period",
    "gate.edges",
    "gate.fallback",
    "model.model",
    "model.provider",
    "split.type",
  ]);
});

test("what only a used-up budget led to is left out with it, and that is said", () => {
  const nodes: Nodes = { big: MODEL, gate: budget("big"), end: END };
  const { document, problems, warnings } = read(nodes, [
    ["start", "big"],
    ["big", "gate"],
    ["gate", "end"],
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(linesOf(document), ["start: big", "big: end / undefined", "end: "]);
  assert.match(warnings.join(), /big: is where gate leads when it is used up/);
});
