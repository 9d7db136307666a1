// Routes change while requests run: no request fails, each ends on the version it began with, and what a limit lets through is exact.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { type Admin, adminOf, routeTo } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** Clients that ask one after the other while versions change. */
const CLIENTS = 6;
/** Answers that must arrive between two changes. */
const ANSWERS_BETWEEN = 60;
const MODEL_OF: Readonly<Record<string, string>> = { "moving@v1": "scripted-1", "moving@v2": "scripted-2" };

interface Served {
  status: number;
  route: string;
  model: string;
}

let stack: TestStack;
let admin: Admin;

before(async () => {
  stack = await startStack({ replicas: { router: 2, console: 1 } });
  admin = adminOf(stack);
});
after(() => stack[Symbol.asyncDispose]());

async function serve(model: string): Promise<Served> {
  const answer = await ask(stack, { model });
  await answer.text();
  const { status, headers } = answer;
  return { status, route: headers.get("x-waybill-route") ?? "", model: headers.get("x-waybill-model") ?? "" };
}

async function makeRoute(name: string, document: object): Promise<void> {
  const { status, body } = await admin("POST", "/api/v1/routes", { name, document, deploy: true });
  assert.equal(status, 201, JSON.stringify(body));
}

describe("routes change while requests run", () => {
  it("version 1, 2 and 1 again under load costs no request, and none is served by a mixture", async () => {
    await makeRoute("moving", routeTo("scripted/scripted-1"));
    const next = { document: routeTo("scripted/scripted-2"), basedOnVersion: 1 };
    assert.equal((await admin("POST", "/api/v1/routes/moving/versions", next)).status, 201);

    const served: Served[] = [];
    let over = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!over) served.push(await serve("dynamic/moving"));
    });
    const more = (count: number) => {
      const enough = served.length + count;
      return eventually(() => served.length >= enough, { reason: `${count} more answers`, timeoutMs: 30_000 });
    };
    try {
      for (const version of [2, 1]) {
        await more(ANSWERS_BETWEEN);
        const answer = await admin("POST", "/api/v1/routes/moving/deployments", { version, reason: "under load" });
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
      }
      await more(ANSWERS_BETWEEN);
    } finally {
      over = true;
      await Promise.all(clients);
    }

    assert.deepEqual(
      served.filter(({ status, route, model }) => status !== 200 || MODEL_OF[route] !== model),
      [],
    );
    // Both versions have served, and the last answers came by the one that is in service again.
    assert.deepEqual([...new Set(served.map(({ route }) => route))].sort(), ["moving@v1", "moving@v2"]);
    assert.equal(served.at(-1)?.route, "moving@v1");
  });

  it("a version that is not in service can be tried by its number", async () => {
    assert.deepEqual(await serve("dynamic/moving@2"), { status: 200, route: "moving@v2", model: "scripted-2" });
    assert.deepEqual(await serve("dynamic/moving"), { status: 200, route: "moving@v1", model: "scripted-1" });
  });

  it("of 24 requests at once a limit of 7 lets exactly 7 through, the others take the other way", async () => {
    const [model, end] = [
      (id: string, name: string) => ({ id, kind: "model", model: name, next: "end" }),
      { id: "end", kind: "end" },
    ];
    const window = { kind: "fixed", seconds: 86_400 };
    await makeRoute("few", {
      nodes: [
        { id: "start", kind: "start", next: "seven" },
        {
          id: "seven",
          kind: "limit",
          metric: "count",
          amount: "7",
          window,
          key: "caller.team_id",
          within: "first",
          exceeded: "rest",
        },
        model("first", "scripted/scripted-1"),
        model("rest", "scripted/scripted-2"),
        end,
      ],
    });
    const served = await Promise.all(Array.from({ length: 24 }, () => serve("dynamic/few")));
    const count = (name: string) => served.filter(({ status, model: by }) => status === 200 && by === name).length;
    assert.deepEqual([count("scripted-1"), count("scripted-2")], [7, 17]);
  });

  it("what stands in a request may be a limit's key whatever it holds", async () => {
    const window = { kind: "fixed", seconds: 86_400 };
    await makeRoute("keyed", {
      nodes: [
        { id: "start", kind: "start", next: "one" },
        {
          ...{ id: "one", kind: "limit", metric: "count", amount: "1", window, key: "metadata.tenant" },
          ...{ within: "first", exceeded: "rest" },
        },
        { id: "first", kind: "model", model: "scripted/scripted-1", next: "end" },
        { id: "rest", kind: "model", model: "scripted/scripted-2", next: "end" },
        { id: "end", kind: "end" },
      ],
    });
    for (const tenant of ["a", "a\u0001", "x".repeat(256), "\ud83d\ude00"]) {
      const models: (string | null)[] = [];
      for (let count = 0; count < 2; count++) {
        const answer = await ask(stack, { model: "dynamic/keyed", fields: { metadata: { tenant } } });
        await answer.text();
        models.push(answer.headers.get("x-waybill-model"));
      }
      assert.deepEqual(models, ["scripted-1", "scripted-2"], JSON.stringify(tenant));
    }
  });

  it("limits of tokens and of cost are never passed, and what they give back can be used again", async () => {
    const windows = { tokens: { kind: "total" }, cost: { kind: "calendar", period: "month" } };
    const amounts = { tokens: "900", cost: "0.004" };
    for (const metric of ["tokens", "cost"] as const) {
      await makeRoute(metric, {
        nodes: [
          { id: "start", kind: "start", next: "some" },
          {
            ...{ id: "some", kind: "limit", metric, amount: amounts[metric], window: windows[metric] },
            ...{ within: "first", exceeded: "rest" },
          },
          { id: "first", kind: "model", model: "scripted/scripted-1", next: "end" },
          { id: "rest", kind: "model", model: "scripted/scripted-2", next: "end" },
          { id: "end", kind: "end" },
        ],
      });
      const within = { tokens: 0, cost: 0, count: 0 };
      let beyond = 0;
      for (let round = 0; round < 30; round++) {
        const answers = await Promise.all(
          Array.from({ length: 3 }, () => ask(stack, { model: `dynamic/${metric}`, fields: { max_tokens: 100 } })),
        );
        for (const answer of answers) {
          assert.equal(answer.status, 200);
          const { usage } = (await answer.json()) as { usage: { total_tokens: number } };
          if (answer.headers.get("x-waybill-model") === "scripted-2") {
            beyond++;
            continue;
          }
          within.count++;
          within.tokens += usage.total_tokens;
          within.cost += Number(answer.headers.get("x-waybill-cost-usd"));
        }
      }
      assert.ok(within[metric] <= Number(amounts[metric]), `${within[metric]} ${metric}`);
      assert.ok(within.count > 3 && beyond > 0, `${within.count} within, ${beyond} beyond`);
    }
  });

  it("the decision of a request can be asked for within two seconds of its answer", async () => {
    const answer = await ask(stack, { model: "dynamic/moving" });
    await answer.text();
    const id = answer.headers.get("x-request-id");
    await eventually(async () => (await admin("GET", `/api/v1/requests/${id}`)).status === 200, {
      reason: "its decision",
      timeoutMs: 2_000,
    });
  });
});
