// Rate limits on a whole stack of two routers and two budget processes: what passes over all of them, who gets it, and what clients of
// each dialect are told; made and deleted by the command.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestFolder, type TestFolder } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** Within this every router has heard of a change. */
const LIVE_MS = 1_500;
/** The widest difference from the limit: 5 %, or one request. */
const TOLERANCE = 0.05;
/** So that what is asked only to look takes nearly nothing. */
const TINY = { inputTokens: 1, outputTokens: 1 };

let stack: TestStack;
let folder: TestFolder;
before(async () => {
  const replicas = { ingress: 2, router: 2, budget: 2, console: 1 };
  [stack, folder] = await Promise.all([startStack({ replicas }), makeTestFolder("rates")]);
  // Money is not what is tested here.
  await stack.sql("DELETE FROM budget.budget WHERE origin = 'admin'");
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);

const isLimited = async (key: string | undefined): Promise<boolean> => {
  const response = await ask(stack, { key, fields: { max_tokens: 5 } });
  await response.text();
  return response.headers.has("x-ratelimit-limit-requests");
};

async function whenLimited(key: string | undefined, limited: boolean): Promise<void> {
  await eventually(async () => (await isLimited(key)) === limited, {
    timeoutMs: LIVE_MS,
    reason: `limited: ${limited}`,
  });
}

describe("a rate limit by the command", () => {
  it("refuses with 429 what has no room, says when there is room, and is gone when it is deleted", async () => {
    const made = await waybill(
      0,
      ...["rate-limits", "create", "support-few", "--organisation", "acme", "--team", "support"],
      ...["--requests", "30", "--seconds", "60", "--burst", "5", "--reason", "a test"],
    );
    assert.match(made.stdout, /support-few is made: 30 requests in 60 s/);
    await whenLimited(stack.keys.support_1, true);
    const refused = await eventually(
      async () => {
        const response = await ask(stack, { fields: { max_tokens: 5 } });
        if (response.status === 429) return response;
        assert.ok(Number(response.headers.get("x-ratelimit-remaining-requests")) < 5);
        await response.text();
        return undefined;
      },
      { timeoutMs: 5_000, reason: "refused" },
    );
    const { error } = (await refused.json()) as { error: { code: string; type: string; message: string } };
    assert.equal(error.code, "rate_limit_exceeded");
    assert.equal(error.type, "rate_limit_error");
    assert.match(error.message, /"support-few" of 30 requests in 60 s/);
    const [seconds, ms] = ["retry-after", "retry-after-ms"].map((name) => Number(refused.headers.get(name)));
    assert.ok(seconds !== undefined && seconds >= 1 && seconds <= 3, String(seconds));
    assert.ok(ms !== undefined && ms > 0 && ms <= 2_100, String(ms));
    assert.equal(refused.headers.get("x-ratelimit-limit-requests"), "30");
    assert.equal(refused.headers.get("x-ratelimit-remaining-requests"), "0");
    assert.match(refused.headers.get("x-ratelimit-reset-requests") ?? "", /^[\d.]+m?s$/);
    // Another team is not meant.
    assert.equal(await isLimited(stack.keys.research_1), false);
    // Whoever waits as long as it was told is served.
    await new Promise((resolve) => setTimeout(resolve, ms));
    const served = await ask(stack, { fields: { max_tokens: 5 } });
    assert.equal(served.status, 200, await served.text());
    assert.match((await waybill(0, "rate-limits", "list")).stdout, /support-few +organisation acme, team support/);
    await waybill(0, "rate-limits", "delete", "support-few", "--reason", "over");
    await whenLimited(stack.keys.support_1, false);
    const audit = await waybill(0, "audit");
    for (const action of ["create", "delete"]) assert.match(audit.stdout, new RegExp(`${action}.*support-few`));
  });

  it("names every field that is wrong", async () => {
    const { status, body } = await adminOf(stack)("POST", "/api/v1/rate-limits", {
      id: "wrong",
      scope: { organisationId: "acme", teamId: "nobody", model: "none" },
      per: "teamId",
      amount: 1,
      perSeconds: 1,
    });
    assert.equal(status, 400);
    const fields = body.error.problems.map(({ field }: { field: string }) => field).sort();
    assert.deepEqual(fields, ["per", "scope.model", "scope.teamId"]);
  });

  it("tells Anthropic's clients in their own headers", async () => {
    await adminOf(stack)("POST", "/api/v1/rate-limits", {
      ...{ id: "all", scope: { organisationId: "acme" }, amount: 1_000, perSeconds: 60 },
    });
    await whenLimited(stack.keys.support_1, true);
    const response = await fetch(`${stack.url}/v1/messages`, {
      method: "POST",
      headers: {
        "x-api-key": stack.keys.support_1 ?? "",
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
      },
      body: JSON.stringify({
        ...{ model: "scripted/scripted-1", max_tokens: 5, messages: [{ role: "user", content: "hello" }] },
      }),
    });
    assert.equal(response.status, 200, await response.text());
    assert.equal(response.headers.get("anthropic-ratelimit-requests-limit"), "1000");
    assert.match(response.headers.get("anthropic-ratelimit-requests-reset") ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await waybill(0, "rate-limits", "delete", "all", "--reason", "over");
    await whenLimited(stack.keys.support_1, false);
  });
});

describe("a limit of tokens", () => {
  it("takes what a request will likely use, and corrects it when it is over: down, and up", async () => {
    const { sql } = stack;
    const left = async (): Promise<number> => {
      const response = await ask(stack, { fields: { max_tokens: 1 }, script: TINY });
      await response.text();
      return Number(response.headers.get("x-ratelimit-remaining-tokens"));
    };
    // What one router tells may be old where the other was asked last; the bucket is what both go by.
    const inBucket = async (): Promise<number> => {
      const [row] = await sql("SELECT state FROM budget.rate_bucket WHERE id = 'words'");
      const { common = 10_000, teams = {} } = (row?.state ?? {}) as {
        common?: number;
        teams?: Record<string, { credit: number }>;
      };
      return Object.values(teams).reduce((sum, { credit }) => sum + credit, common);
    };
    // So slow that nothing flows in meanwhile.
    await waybill(
      0,
      ...["rate-limits", "create", "words", "--organisation", "acme", "--tokens", "10000", "--seconds", "86400"],
    );
    await eventually(async () => (await left()) > 0, { timeoutMs: LIVE_MS, reason: "it binds" });
    const before = await left();
    // Estimated at 2,000 of output; 1 is used.
    const wide = await ask(stack, { fields: { max_tokens: 2_000 }, script: TINY });
    assert.equal(wide.status, 200, await wide.text());
    assert.ok(Number(wide.headers.get("x-ratelimit-remaining-tokens")) <= before - 1_900);
    await eventually(async () => (await inBucket()) >= before - 200, { timeoutMs: 5_000, reason: "the rest is back" });
    const again = await inBucket();
    // Estimated at 1 of output; 900 are used.
    const longer = await ask(stack, { fields: { max_tokens: 1 }, script: { outputTokens: 900 } });
    assert.equal(longer.status, 200, await longer.text());
    await eventually(async () => (await inBucket()) <= again - 800, {
      timeoutMs: 5_000,
      reason: "what was more is owed",
    });
    assert.equal((await sql("SELECT FROM budget.rate_bucket WHERE id = 'words'")).length, 1);
    await waybill(0, "rate-limits", "delete", "words", "--reason", "over");
    await whenLimited(stack.keys.support_1, false);
  });
});

describe("a limit of requests at a time", () => {
  it("refuses one more over both routers, and serves it when one is over, also one that its client has left", async () => {
    await waybill(0, ...["rate-limits", "create", "two", "--organisation", "acme", "--concurrency", "2"]);
    const leave = new AbortController();
    const begin = (n: number, latencyMs: number, signal?: AbortSignal): Promise<Response> =>
      ask(stack, { url: stack.urls[n % 2] ?? "", script: { latencyMs }, ...(signal && { signal }) });
    const status = async (n: number): Promise<number> => {
      const response = await begin(n, 0);
      await response.text();
      return response.status;
    };
    await eventually(
      async () => {
        const three = await Promise.all([0, 1, 0].map((n) => begin(n, 300)));
        await Promise.all(three.map((response) => response.text()));
        return three.filter((response) => response.status === 429).length === 1;
      },
      { timeoutMs: 10_000, reason: "of three at a time one is refused" },
    );
    const aMoment = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 500));
    // Until those before are over, and these have begun.
    await aMoment();
    const held = [begin(0, 6_000), begin(1, 60_000, leave.signal).catch(() => undefined)];
    await aMoment();
    const refused = await begin(1, 0);
    assert.equal(refused.status, 429);
    const { error } = (await refused.json()) as { error: { code: string; message: string } };
    assert.equal(error.code, "rate_limit_exceeded");
    assert.match(error.message, /"two" of 2 requests at a time/);
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.equal(refused.headers.get("x-ratelimit-limit-concurrency"), null);
    leave.abort();
    await eventually(async () => (await status(1)) === 200, { timeoutMs: 3_000, reason: "the place of one that left" });
    assert.equal((await held[0])?.status, 200);
    await waybill(0, "rate-limits", "delete", "two", "--reason", "over");
  });
});

describe("a limit that two teams share, over two routers and two budget processes", () => {
  it("lets as much pass as it says, a loud team takes the rest, and a quiet one gets all it asks for", async (t) => {
    const [perSecond, burst, forMs] = [20, 20, 8_000];
    await adminOf(stack)("POST", "/api/v1/rate-limits", {
      ...{ id: "shared", scope: { organisationId: "acme" }, amount: perSecond, perSeconds: 1, burst },
    });
    await whenLimited(stack.keys.research_1, true);
    const startedMs = performance.now();
    /** When each request was served, whoever's. */
    const servedMs: number[] = [];
    const quiet: number[] = [];
    const isOver = (): boolean => performance.now() - startedMs >= forMs;
    const url = (n: number): string => stack.urls[n % 2] ?? "";
    const loud = async (n: number): Promise<void> => {
      while (!isOver()) {
        const response = await ask(stack, { url: url(n), key: stack.keys.support_1, fields: { max_tokens: 5 } });
        await response.text();
        if (response.status === 200) servedMs.push(performance.now() - startedMs);
        else assert.equal(response.status, 429);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const rarely = async (): Promise<void> => {
      // Its first requests come when the loud team has taken the burst.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      for (let n = 0; !isOver(); n += 1) {
        const response = await ask(stack, { url: url(n), key: stack.keys.research_1, fields: { max_tokens: 5 } });
        await response.text();
        quiet.push(response.status);
        if (response.status === 200) servedMs.push(performance.now() - startedMs);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
    await Promise.all([...[0, 1, 2, 3, 4, 5].map(loud), rarely()]);
    const seconds = (performance.now() - startedMs) / 1_000;
    const served = quiet.filter((status) => status === 200).length;
    const passed = servedMs.length;
    const most = burst + perSecond * seconds;
    t.diagnostic(`${passed} of ${most.toFixed(1)} passed; of the quiet team ${served} of ${quiet.length}`);
    assert.ok(passed <= most + Math.max(1, most * TOLERANCE), `${passed} of ${most}`);
    // When the burst is gone, what flows in is all that can pass.
    const [fromMs, untilMs] = [2_000, forMs];
    const later = servedMs.filter((ms) => ms >= fromMs && ms < untilMs).length;
    const flow = (perSecond * (untilMs - fromMs)) / 1_000;
    t.diagnostic(`${later} of ${flow} in the last ${(untilMs - fromMs) / 1_000} s`);
    assert.ok(Math.abs(later - flow) <= Math.max(1, flow * TOLERANCE), `${later} of ${flow}`);
    // The first one of a team that nobody knew of yet may meet nothing.
    assert.ok(served >= quiet.length - 1, JSON.stringify(quiet));
  });

  it("goes on with each router's own part while no budget process can be asked", async () => {
    for (const budget of stack.of("budget")) await budget.kill9();
    const statuses: number[] = [];
    for (let n = 0; n < 60; n += 1) {
      const response = await ask(stack, { url: stack.urls[n % 2] ?? "", fields: { max_tokens: 5 } });
      await response.text();
      statuses.push(response.status);
    }
    const served = statuses.filter((status) => status === 200).length;
    assert.ok(served >= 10, JSON.stringify(statuses));
    assert.ok(
      statuses.every((status) => status === 200 || status === 429),
      JSON.stringify(statuses),
    );
  });
});
