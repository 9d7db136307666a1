// Answers kept for whoever asks the same: by route and by header, plain and streamed, at any ingress, of no other tenant. A hit
// costs nothing, says what it saved, and is a request like any other.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { anthropicClient } from "../stack/anthropic.ts";
import { type AskOptions, ask } from "../stack/ask.ts";
import { bookedAttempts, booksAreRight } from "../stack/books.ts";
import { END, modelNode, modelsYaml, RouteUser } from "../stack/routes.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const TTL = { "x-waybill-cache-ttl": "300" };
let stack: TestStack;
let user: RouteUser;
before(async () => {
  stack = await startStack({
    replicas: { ingress: 2, console: 1 },
    waybillYaml: modelsYaml({ "1": {}, "2": {}, slow: {}, limited: {} }),
  });
  user = new RouteUser(stack);
  const start = (next: string, cache: object) => ({ id: "start", kind: "start", next, cache });
  await user.makeRoute("kept", {
    nodes: [start("1", { ttlSeconds: 300 }), modelNode("1", { fallback: "2" }), modelNode("2"), END],
  });
  const limit = {
    id: "limit",
    kind: "limit",
    metric: "count",
    amount: "2",
    window: { kind: "total" },
    exceeded: "end",
    within: "limited",
  };
  await user.makeRoute("limited", {
    nodes: [start("limit", { ttlSeconds: 300, scope: "organisation" }), limit, modelNode("limited"), END],
  });
});
after(() => stack[Symbol.asyncDispose]());

let sent = 0;
/** A request that nobody has sent before. */
const fresh = (): { messages: object[] } => {
  sent += 1;
  return { messages: [{ role: "user", content: `question ${sent}` }] };
};
const at = (ingress: number, options: AskOptions) => ask(stack, { ...options, url: stack.urls[ingress] ?? "" });
const said = (answer: Response, name: string): string => answer.headers.get(name) ?? "";
const cacheOf = (answer: Response): string => said(answer, "x-waybill-cache");
const calls = async (): Promise<number> => (await stack.provider.log.summary()).calls;
const metricOf = async (ingress: number, line: RegExp): Promise<number> =>
  Number(line.exec((await stack.of("ingress")[ingress]?.metrics()) ?? "")?.[1] ?? 0);
const keptBy = (ingress: number) => metricOf(ingress, /^waybill_ingress_cache_kept_total\S* (\d+)/m);
const hitsOf = (ingress: number) => metricOf(ingress, /^waybill_ingress_cached_answers_total\S* (\d+)/m);
const recordOf = async (answer: Response) => {
  const id = said(answer, "x-request-id");
  return eventually(
    async () => (await bookedAttempts(stack)).filter(({ attempt_id }) => attempt_id.startsWith(id))[0],
    {
      reason: `${id} is on the books`,
    },
  );
};

describe("a route that keeps answers", () => {
  for (const stream of [false, true]) {
    it(`gives the same ${stream ? "stream" : "answer"} again, at another ingress, to the byte, and asks the provider once`, async () => {
      const [before, keptBefore, fields] = [await calls(), await keptBy(0), fresh()];
      const asked = { model: "dynamic/kept", fields, stream };
      const first = await at(0, asked);
      const text = await first.text();
      await eventually(async () => (await keptBy(0)) > keptBefore, { reason: "the answer is kept" });
      const again = await at(1, asked);
      assert.equal(await again.text(), text);
      assert.deepEqual([cacheOf(first), cacheOf(again), first.status, again.status], ["miss", "hit", 200, 200]);
      assert.equal(said(again, "content-type"), said(first, "content-type"));
      assert.notEqual(said(again, "x-request-id"), said(first, "x-request-id"));
      assert.deepEqual(
        ["x-waybill-route", "x-waybill-provider", "x-waybill-model", "x-waybill-attempts"].map((name) =>
          said(again, name),
        ),
        ["kept@v1", "scripted", "scripted-1", "0"],
      );
      assert.match(said(again, "age"), /^\d+$/);
      assert.ok(Number(said(again, "x-waybill-saved-usd")) > 0);
      if (!stream) {
        assert.equal(said(again, "x-waybill-saved-usd"), said(first, "x-waybill-cost-usd"));
        assert.equal(said(again, "x-waybill-cost-usd"), "0");
      }
      assert.equal((await calls()) - before, 1);
    });
  }

  it("books a hit as attempt 0, at nothing, with what it saved and the decision that let it pass", async () => {
    const asked = { model: "dynamic/kept", fields: fresh() };
    const first = await at(0, asked);
    await first.text();
    const hit = await at(0, asked);
    await hit.text();
    const id = said(hit, "x-request-id");
    const record = await recordOf(hit);
    assert.deepEqual(
      [record.attempt_id, record.source, record.outcome, record.cost_usd, record.token_source, record.input_tokens],
      [`${id}.0`, "ingress", "success", "0.000000000000", "none", 0n],
    );
    const [row] = await stack.sql<{ kept: { of_request: string; saved_usd: string } }>(
      `SELECT evidence->'kept_answer' AS kept FROM ledger.attempt WHERE attempt_id = '${id}.0'`,
    );
    assert.deepEqual(row?.kept, {
      of_request: said(first, "x-request-id"),
      saved_usd: said(first, "x-waybill-cost-usd"),
    });
    const served = { ...user.note(hit), attempts: 1 };
    const [decision] = await user.decisionsOf(served, { booked: true });
    assert.deepEqual([decision.attempt, decision.explanation.refusalCode ?? ""], [0, ""]);
  });

  it("does not look when the client says so, and replaces what is kept when it wants a new answer", async () => {
    const asked = { model: "dynamic/kept", fields: fresh() };
    const statuses: string[] = [];
    for (const mode of ["", "bypass", "refresh", ""]) {
      const headers = mode === "" ? {} : { "x-waybill-cache": mode };
      const answer = await at(0, { ...asked, headers });
      await answer.text();
      statuses.push(cacheOf(answer));
    }
    assert.deepEqual(statuses, ["miss", "", "refresh", "hit"]);
  });

  it("tells Cloudflare's clients in their words", async () => {
    const asked = { model: "sim/none", fields: fresh(), headers: { "cf-aig-cache-ttl": "60" } };
    const told: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      const answer = await at(0, { ...asked, model: "scripted/scripted-1" });
      await answer.text();
      told.push(said(answer, "cf-aig-cache-status"));
    }
    assert.deepEqual(told, ["MISS", "HIT"]);
  });

  it("forgets nothing wrong: an answer that failed, was cut, broke off or ended for a reason nobody knows is not kept", async () => {
    const asked = { model: "scripted/scripted-2", fields: fresh(), headers: TTL, stream: true };
    const scripts = [
      { fault: { kind: "status", status: 500 } },
      { chunks: 4, fault: { kind: "cut_after", chunk: 2 } },
      { finishReason: "insufficient_system_resource" },
      { finishReason: "novel" },
      {},
    ] as const;
    const seen: [number, string, boolean][] = [];
    for (const script of [...scripts, {}]) {
      stack.provider.setForModel("scripted-2", script);
      const answer = await at(0, asked);
      seen.push([answer.status, cacheOf(answer), (await answer.text()).includes("[DONE]")]);
    }
    assert.deepEqual(seen, [
      [502, "", false],
      [200, "miss", false],
      [200, "miss", false],
      [200, "miss", true],
      [200, "miss", true],
      [200, "hit", true],
    ]);
  });
});

describe("kept answers and who may have them", () => {
  it("are shared in a team, and never given to another team or key where the scope says so", async () => {
    const asked = { model: "dynamic/kept", fields: fresh() };
    const keys = ["support_1", "support_1", "support_2", "research_1"];
    const told: string[] = [];
    for (const name of keys) {
      const answer = await at(0, { ...asked, key: stack.keys[name] });
      await answer.text();
      told.push(cacheOf(answer));
    }
    assert.deepEqual(told, ["miss", "hit", "hit", "miss"]);
  });

  it("count against request limits, which are the answer once they are reached", async () => {
    const asked = { model: "dynamic/limited", fields: fresh() };
    const told: (string | number)[] = [];
    for (let n = 0; n < 3; n += 1) {
      const answer = await at(0, asked);
      await answer.text();
      told.push(answer.status === 200 ? cacheOf(answer) : answer.status);
    }
    assert.deepEqual(told, ["miss", "hit", 429]);
  });

  it("are given when their provider is gone", async () => {
    const asked = { model: "scripted/scripted-1", fields: fresh(), headers: TTL };
    await (await at(0, asked)).text();
    stack.provider.setForModel("scripted-1", { fault: { kind: "status", status: 500 } });
    const hit = await at(0, asked);
    stack.provider.setForModel("scripted-1", {});
    assert.deepEqual([hit.status, cacheOf(hit)], [200, "hit"]);
  });
});

describe("many who ask the same at the same time", () => {
  const together = async (count: number, script: object) => {
    stack.provider.setForModel("scripted-slow", script);
    const asked = { model: "scripted/scripted-slow", fields: fresh(), headers: TTL };
    const answers = await Promise.all(Array.from({ length: count }, () => at(0, asked)));
    return Promise.all(
      answers.map(async (answer) => ({ status: answer.status, cache: cacheOf(answer), text: await answer.text() })),
    );
  };

  it("cause one call", async () => {
    const before = await calls();
    const answers = await together(20, { latencyMs: 500 });
    assert.equal((await calls()) - before, 1);
    assert.deepEqual(answers.map(({ cache }) => cache).sort(), [...Array.from({ length: 19 }, () => "hit"), "miss"]);
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  });

  it("each decide for themselves when the first fails", async () => {
    const before = await calls();
    const answers = await together(5, { latencyMs: 300, fault: { kind: "status", status: 500 } });
    assert.deepEqual(
      answers.map(({ status }) => status),
      [502, 502, 502, 502, 502],
    );
    assert.equal((await calls()) - before, 5);
  });
});

describe("the official clients", () => {
  it("get a kept answer of the Anthropic surface, streamed", async () => {
    const client = anthropicClient(stack);
    const { messages } = fresh();
    const body = { model: "scripted/scripted-1", max_tokens: 50, messages, stream: true } as never;
    const read = async (): Promise<string[]> => {
      const types: string[] = [];
      for await (const event of (await client.messages.create(body, { headers: TTL })) as unknown as AsyncIterable<{
        type: string;
      }>)
        types.push(event.type);
      return types;
    };
    const before = await calls();
    const first = await read();
    assert.equal(first.at(-1), "message_stop");
    assert.deepEqual(await read(), first);
    assert.equal((await calls()) - before, 1);
  });

  it("hear which header is at fault", async () => {
    const answer = await at(0, { model: "scripted/scripted-1", headers: { "x-waybill-cache-ttl": "a day" } });
    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as { error: { param: string } }).error.param, "x-waybill-cache-ttl");
  });
});

it("every call and every hit is on the books, and nothing is held", async () => {
  const hits = (await Promise.all([0, 1].map(hitsOf))).reduce((sum, count) => sum + count, 0);
  assert.ok(hits > 20);
  await booksAreRight(stack, { attempts: (await calls()) + hits });
});
