// Routes get over models that fail as docs/routes.md says, on one stack with two routers: fallbacks, retries, timeouts and circuits.
// Each test has models of its own, as a failure tells on a model; they run beside each other, because some wait for circuits.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, type Fault } from "@waybill/testing";
import { ask, readStream } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { chainOf, modelNode, modelsYaml, RouteUser, type Served } from "../stack/routes.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const MODELS = {
  ...{
    large: {},
    refuses: { windowTokens: 8_000 },
    filtered: {},
    slow: {},
    again: {},
    busy: {},
    down: {},
    gone: {},
    breaks: {},
  },
  ...{ fails: { windowTokens: 8_000 }, same: { windowTokens: 8_000 }, small: { windowTokens: 1_000 } },
};
/** A circuit is open for five seconds; a busy machine may take longer to see it. */
const CIRCUIT = { timeoutMs: 20_000, intervalMs: 200 };

let stack: TestStack;
let routes: RouteUser;
/** Of two ingresses: each asks a router of its own. */
let urls: readonly string[];

before(async () => {
  stack = await startStack({ replicas: { router: 2, console: 1 }, waybillYaml: modelsYaml(MODELS) });
  routes = new RouteUser(stack);
  urls = await routes.startOtherIngress();
});
after(() => stack[Symbol.asyncDispose]());

const refusal = (status: number, code?: string): Fault => ({
  ...{ kind: "status", status },
  ...(code && { body: JSON.stringify({ error: { message: "scripted", type: "invalid_request_error", code } }) }),
});

describe("routes fall back", { concurrency: true }, () => {
  it("from a model that refuses or breaks, plain and streaming, and both attempts are booked", async () => {
    const fallbackOn = ["error", "timeout", "rate_limited", "context_too_long", "content_filter"];
    await routes.makeRoute("next", chainOf(modelNode("refuses", { fallbackOn }), "large"));
    const failures: [code: string, fault: Fault][] = [
      ["upstream_rate_limited", refusal(429)],
      ["upstream_error", refusal(500)],
      ["content_filter", refusal(400, "content_filter")],
      ["context_length_exceeded", refusal(400, "context_length_exceeded")],
      ["upstream_truncated", { kind: "cut_after", chunk: 0 }],
    ];
    for (const [code, fault] of failures) {
      for (const stream of [false, true]) {
        const served = await routes.serve({ model: "dynamic/next", stream, script: [{ fault }, {}] });
        const { status, path, attempts } = served;
        assert.deepEqual([status, path, attempts], [200, "start>refuses:fallback>large", 2], code);
        const [failed, answered] = await routes.booksOf(served);
        assert.match(failed ?? "", new RegExp(`^refuses \\w+ ${code}$`));
        assert.equal(answered, "large success");
        const [, second] = await routes.decisionsOf(served);
        assert.equal(second.explanation.reason, `after ${code} of attempt 1`);
      }
    }
  });

  it("from a stream that breaks while its beginning is held back, and not once it was shown", async () => {
    const commitAfter = { ms: 20_000, tokens: 4 };
    await routes.makeRoute("held", chainOf(modelNode("breaks", { commitAfter }), "large"));
    const cutAfter = (chunk: number) => [{ chunks: 12, fault: { kind: "cut_after", chunk } as const }, {}];
    const early = await routes.serve({ model: "dynamic/held", stream: true, script: cutAfter(1) });
    assert.deepEqual([early.status, early.model, early.attempts], [200, "large", 2]);
    assert.deepEqual(await routes.booksOf(early), ["breaks partial upstream_truncated", "large success"]);
    const late = await ask(stack, { model: "dynamic/held", stream: true, script: cutAfter(8) });
    const { done, errorCode } = await readStream(late);
    const { model, attempts } = routes.note(late);
    assert.deepEqual([late.status, model, attempts, done, errorCode], [200, "breaks", 1, false, "upstream_truncated"]);
  });

  it("not from a content filter's answer, unless the node says so", async () => {
    await routes.makeRoute("filtered", chainOf(modelNode("filtered"), "large"));
    const script = [{ fault: refusal(400, "content_filter") }, {}];
    const answer = await ask(stack, { model: "dynamic/filtered", script });
    const { error } = (await answer.json()) as { error: { code: string } };
    const { status, model, attempts } = routes.note(answer);
    assert.deepEqual([status, error.code, model, attempts], [400, "content_filter", "filtered", 1]);
  });

  it("past models whose window is no larger, when a model finds the input too long", async () => {
    await routes.makeRoute("longer", chainOf(modelNode("fails"), "same", "large"));
    const script = [{ fault: refusal(400, "context_length_exceeded") }, {}];
    const served = await routes.serve({ model: "dynamic/longer", script });
    assert.deepEqual(await routes.booksOf(served), ["fails failed_free context_length_exceeded", "large success"]);
  });

  it("before any call from a model whose window is too small for the input", async () => {
    await routes.makeRoute("windows", chainOf(modelNode("small"), "large"));
    const messages = [{ role: "user", content: "many words ".repeat(2_000) }];
    const short = await routes.serve({ model: "dynamic/windows" });
    const long = await routes.serve({ model: "dynamic/windows", fields: { messages } });
    assert.deepEqual([short.model, long.model, long.attempts], ["small", "large", 1]);
    assert.equal(routes.callsOf("small"), 1);
    assert.match((await routes.skippedBecause(long)) ?? "", /^about \d{4,5} input tokens, context window 1000$/);
  });

  it("from a stream that does not begin within the time that its node gives it", async () => {
    await routes.makeRoute("slow", chainOf(modelNode("slow", { timeouts: { firstTokenMs: 300 } }), "large"));
    // Without the node's own time the slow model would be waited for, and answer.
    for (const late of [{ latencyMs: 30_000 }, { firstTokenMs: 30_000 }]) {
      const served = await routes.serve({ model: "dynamic/slow", stream: true, script: [late, {}] });
      const [failed, answered] = await routes.booksOf(served);
      assert.match(failed ?? "", /^slow \w+ upstream_timeout$/);
      assert.equal(answered, "large success");
    }
  });

  it("only after the retries of the node, which ask the same model again", async () => {
    const node = modelNode("again", { retries: 2, retryDelayMs: 10, backoff: "constant" });
    await routes.makeRoute("again", chainOf(node, "large"));
    const failed = "again failed_free upstream_error";
    const fault = refusal(500);
    for (const stream of [false, true]) {
      const second = await routes.serve({ model: "dynamic/again", stream, script: [{ fault }, {}] });
      assert.equal(second.path, "start>again");
      assert.deepEqual(await routes.booksOf(second), [failed, "again success"]);
    }
    const fourth = await routes.serve({ model: "dynamic/again", script: [{ fault }, { fault }, { fault }, {}] });
    assert.deepEqual(await routes.booksOf(fourth), [failed, failed, failed, "large success"]);
  });

  it("round an open circuit: it opens on both routers after five failures, is probed, and closes when that succeeds", async () => {
    for (const skipped of await open("down")) {
      assert.equal(skipped.model, "large");
      assert.equal(await routes.skippedBecause(skipped), "its circuit is open");
    }
    // So slow that nobody hears of the probe's success while others are decided.
    stack.provider.setForModel("scripted-down", { latencyMs: 1_000 });
    const { served: before } = await probed("down");
    const beside = (await burst("down")).filter(({ model }) => model === "large");
    assert.ok(beside.length > 0);
    const reasons = await Promise.all(beside.map((served) => routes.skippedBecause(served)));
    assert.deepEqual([...new Set(reasons)], ["its circuit is half open and another request is the probe"]);
    assert.ok((await before).some(({ model }) => model === "down"));

    stack.provider.setForModel("scripted-down", {});
    for (const url of urls) {
      const isClosed = async () => (await burst("down", url)).every(({ model }) => model === "down");
      await eventually(isClosed, { ...CIRCUIT, reason: `it is closed at ${url}` });
    }
  });

  it("round a circuit that a failed probe opens again, and no client sees that failure", async () => {
    await open("gone");
    const { served } = await probed("gone");
    const before = await served;
    assert.deepEqual([...new Set(before.map(({ status, model }) => `${status} ${model}`))], ["200 large"]);
    const isOpenAgain = async () => {
      const served = await routes.serve({ model: "dynamic/gone" });
      return (await routes.skippedBecause(served)) === "its circuit is open";
    };
    await eventually(isOpenAgain, { ...CIRCUIT, reason: "it is open again" });
  });

  it("round a provider that asks with Retry-After to be left alone", async () => {
    await routes.makeRoute("busy", chainOf(modelNode("busy"), "large"));
    const fault: Fault = { kind: "status", status: 429, retryAfter: 30 };
    const refused = await routes.serve({ model: "dynamic/busy", script: [{ fault }, {}] });
    assert.deepEqual([refused.model, refused.attempts], ["large", 2]);
    for (const url of urls) {
      const served = await wentRound("busy", url);
      assert.equal(await routes.skippedBecause(served), "its provider asked to be left alone for a while");
    }
  });
});

describe("after all of that", () => {
  it("every attempt is on the books once, and what they cost is what the budget has posted", async () => {
    await booksAreRight(stack, { attempts: routes.attempts, timeoutMs: 60_000 });
  });
});

/** Five requests whose first attempt fails, and then the first that goes round the model, of each router. */
async function open(name: string): Promise<Served[]> {
  await routes.makeRoute(name, chainOf(modelNode(name), "large"));
  stack.provider.setForModel(`scripted-${name}`, { fault: refusal(500) });
  for (let count = 0; count < 5; count++) {
    const { model, attempts } = await routes.serve({ model: `dynamic/${name}` });
    assert.deepEqual([model, attempts], ["large", 2]);
  }
  return Promise.all(urls.map((url) => wentRound(name, url)));
}

/** The first request that does not try the model at all. */
function wentRound(name: string, url: string): Promise<Served> {
  const wentThere = async () => {
    const served = await routes.serve({ url, model: `dynamic/${name}` });
    return served.model === "large" && served.attempts === 1 ? served : undefined;
  };
  return eventually(wentThere, { ...CIRCUIT, reason: `${name} is left out at ${url}` });
}

/** Six at once. */
const burst = (name: string, url = stack.url): Promise<Served[]> =>
  routes.serveMany(Array.from({ length: 6 }, () => ({ url, model: `dynamic/${name}` })));

/** Asks until one request went to the model, as the provider sees it; that one may still be under way. */
async function probed(name: string): Promise<{ served: Promise<Served[]> }> {
  const calls = routes.callsOf(name);
  const asked: Promise<Served>[] = [];
  const isProbed = () => {
    asked.push(routes.serve({ model: `dynamic/${name}` }));
    return routes.callsOf(name) > calls;
  };
  await eventually(isProbed, { ...CIRCUIT, reason: `${name} is probed` });
  return { served: Promise.all(asked) };
}
