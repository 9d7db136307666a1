// Providers that refuse, fail, fall silent or flap, as failoverbench has them (S01 to S07, S12 to S16; S08 to S11 are in
// failover-streams.test.ts), on every way in and out and with its numbers. Its long waits are divided by WAYBILL_FAULT_SCALE.
// Each scenario has models of its own, and where a failure tells on a model each way has: circuits do not disturb each other.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseUsd } from "@waybill/domain";
import { eventually, type Fault, type Script } from "@waybill/testing";
import { booksAreRight } from "../stack/books.ts";
import { assertBooksAgree } from "../stack/books-agree.ts";
import {
  bySurface,
  callsAt,
  callsOf,
  type Direction,
  everywhere,
  failoverYaml,
  makeRoute,
  modelAt,
  own,
  PASSING,
  rowsOf,
  see,
  seeBySdk,
} from "../stack/failover.ts";
import { faultScale } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const SCALE = faultScale();
/** As long as it is in earnest, divided for CI. */
const scaled = (ms: number): number => ms / SCALE;

const routeOf = (name: string, { provider }: Direction): string => `dynamic/${name}-${provider}`;

const APART = [
  ...["s01", "s01-next", "s01-sdk", "s02", "s02-sdk", "s03", "s03-next", "s04", "s04-only", "s14", "s15", "s16"],
].flatMap(bySurface);
const SHARED = ["s05-rst", "s05-fin", "s06", "s06-only", "s06-plain", "s07", "s12", "s12-next", "s13"];
const NAMES = [...APART, ...SHARED, "picky"];

let stack: TestStack;
before(async () => {
  console.log(`long waits are divided by ${SCALE}`);
  stack = await startStack({
    replicas: { console: 1 },
    waybillYaml: failoverYaml(NAMES),
    env: { router: { WAYBILL_FIRST_TOKEN_TIMEOUT_MS: String(scaled(60_000)) } },
  });
});
after(() => stack[Symbol.asyncDispose]());

const play = (model: string, scripts: Script | readonly Script[]): void =>
  stack.provider.setForModel(`scripted-${model}`, scripts);
const status = (code: number, more: Partial<Fault & { kind: "status" }> = {}): Script => ({
  fault: { kind: "status", status: code, ...more },
});
/** A refusal that both formats read. */
const refusal = (code: string, message: string): Script => {
  const error = { type: "invalid_request_error", code, message };
  return status(400, { body: JSON.stringify({ type: "error", error }) });
};
const isFromTo = (value: number, from: number, to: number): void =>
  assert.ok(value >= from && value <= to, `${value} is not from ${from} to ${to}`);
/** Of calls with these pauses between them, how many came within the first three seconds. */
const within3s = (gapsMs: readonly number[]): number => {
  const atMs = gapsMs.map((_, index) => gapsMs.slice(0, index + 1).reduce((sum, gapMs) => sum + gapMs, 0));
  return 1 + atMs.filter((ms) => ms <= 3_000).length;
};

describe("a provider refuses for its rate", { concurrency: true }, () => {
  it("s01: 429 with Retry-After: 2 is asked again no sooner than it said, and answers", async () => {
    for (const name of bySurface("s01")) {
      play(name, [status(429, { retryAfter: 2 }), {}]);
      await makeRoute(stack, name, { retries: 2 }, "none");
    }
    await everywhere(async (way) => {
      const name = own("s01", way);
      const seen = await see(stack, way, routeOf(name, way));
      assert.deepEqual([seen.status, seen.isWhole, seen.attempts, seen.begins], [200, true, 2, 1], way.name);
      const { models, gapsMs } = callsOf(stack, seen.requestId);
      assert.deepEqual(models, [name, name]);
      isFromTo(gapsMs[0] ?? 0, 1_800, 5_000);
    });
  });

  it("s01: but where another model can answer nobody waits", async () => {
    for (const name of bySurface("s01-next")) {
      play(name, status(429, { retryAfter: 2 }));
      await makeRoute(stack, name, { retries: 2 });
    }
    await everywhere(async (way) => {
      const name = own("s01-next", way);
      const seen = await see(stack, way, routeOf(name, way));
      assert.deepEqual([seen.status, seen.model, seen.attempts], [200, "good", 2], way.name);
      assert.deepEqual(callsOf(stack, seen.requestId).models, [name, "good"]);
      assert.ok(seen.endMs < 1_800, `${seen.endMs} ms`);
    });
  });

  it("s01: the SDKs, which try again by themselves, hear of the Retry-After", () =>
    Promise.all(
      PASSING.map(async (way) => {
        const name = own("s01-sdk", way);
        play(name, status(429, { retryAfter: 2 }));
        const seeing = seeBySdk(stack, way, modelAt(way, name), { maxRetries: 2 });
        await eventually(() => callsAt(stack, name).models.length === 1, { reason: "it was asked", timeoutMs: 20_000 });
        play(name, {});
        assert.equal((await seeing).thrown, undefined);
        const { models, gapsMs } = callsAt(stack, name);
        assert.equal(models.length, 2);
        isFromTo(gapsMs[0] ?? 0, 1_800, 8_000);
      }),
    ).then(() => undefined));

  it("s02: a 429 that stays is asked at most 4 times in 3 s and 6 times in all, whatever the node allows", async () => {
    for (const name of bySurface("s02")) {
      play(name, status(429));
      await makeRoute(stack, name, { retries: 5 }, "none");
    }
    await everywhere(async (way) => {
      const seen = await see(stack, way, routeOf(own("s02", way), way));
      assert.deepEqual([seen.status, seen.errorCode], [429, "upstream_rate_limited"], way.name);
      const { models, gapsMs } = callsOf(stack, seen.requestId);
      isFromTo(models.length, 2, 6);
      isFromTo(within3s(gapsMs), 2, 4);
    });
  });

  it("s02: the SDKs with their own retries keep to the same", () =>
    Promise.all(
      PASSING.map(async (way) => {
        const name = own("s02-sdk", way);
        play(name, status(429));
        const { thrown } = await seeBySdk(stack, way, modelAt(way, name), { maxRetries: 2 });
        assert.deepEqual([thrown?.name, thrown?.status], ["RateLimitError", 429]);
        const { models, gapsMs } = callsAt(stack, name);
        isFromTo(models.length, 1, 6);
        isFromTo(within3s(gapsMs), 1, 4);
      }),
    ).then(() => undefined));
});

describe("a provider fails", { concurrency: true }, () => {
  it("s03: a 500 that comes once is made good by a retry, or by the fallback", async () => {
    for (const name of [...bySurface("s03"), ...bySurface("s03-next")]) {
      play(name, [status(500), {}]);
      await (name.startsWith("s03-next") ? makeRoute(stack, name) : makeRoute(stack, name, { retries: 1 }, "none"));
    }
    await everywhere(async (way) => {
      const [first, other] = [own("s03", way), own("s03-next", way)];
      for (const stream of [true, false]) {
        const again = await see(stack, way, routeOf(first, way), { stream });
        assert.deepEqual([again.isWhole, again.attempts, again.begins], [true, 2, 1], way.name);
        assert.deepEqual(callsOf(stack, again.requestId).models, [first, first]);
        const next = await see(stack, way, routeOf(other, way), { stream });
        assert.deepEqual([next.isWhole, next.attempts, next.model, next.begins], [true, 2, "good", 1], way.name);
        assert.deepEqual(callsOf(stack, next.requestId).models, [other, "good"]);
      }
    });
  });

  it("s04: a 503 that stays is asked at most 6 times, and the fallback answers where there is one", async () => {
    for (const name of [...bySurface("s04"), ...bySurface("s04-only")]) {
      play(name, status(503));
      await makeRoute(stack, name, { retries: 5 }, name.startsWith("s04-only") ? "none" : "good");
    }
    await everywhere(async (way) => {
      const seen = await see(stack, way, routeOf(own("s04", way), way));
      assert.deepEqual([seen.status, seen.isWhole, seen.model], [200, true, "good"], way.name);
      isFromTo(callsOf(stack, seen.requestId).models.length, 2, 7);
      const only = await see(stack, way, routeOf(own("s04-only", way), way));
      assert.deepEqual([only.status, only.errorCode], [502, "upstream_error"], way.name);
      isFromTo(callsOf(stack, only.requestId).models.length, 1, 6);
    });
  });

  for (const by of ["rst", "fin"] as const) {
    it(`s05: a connection that ends by ${by} before any answer is made good by the fallback`, async () => {
      const name = `s05-${by}`;
      play(name, { fault: { kind: "cut_before_headers", by } });
      await makeRoute(stack, name);
      await everywhere(async (way) => {
        const seen = await see(stack, way, routeOf(name, way));
        assert.deepEqual([seen.isWhole, seen.model, seen.attempts, seen.begins], [true, "good", 2, 1], way.name);
        assert.deepEqual(callsOf(stack, seen.requestId).models, [name, "good"]);
        const [failed] = await rowsOf(stack, seen.requestId, 2);
        assert.equal(failed?.error_code, "upstream_error");
      });
    });
  }

  it("s12: an input that is too long for the model is sent to it once", async () => {
    for (const name of ["s12", "s12-next"]) {
      play(name, refusal("context_length_exceeded", "prompt is too long: the maximum context length is 8 tokens"));
    }
    await makeRoute(stack, "s12", { retries: 5 }, "none");
    await makeRoute(stack, "s12-next", { retries: 5 });
    await everywhere(async (way) => {
      for (const name of ["s12", "s12-next"]) {
        const seen = await see(stack, way, routeOf(name, way));
        assert.deepEqual([seen.status, seen.errorCode, seen.attempts], [400, "context_length_exceeded", 1], way.name);
        assert.deepEqual(callsOf(stack, seen.requestId).models, [name]);
      }
    });
  });

  it("s13: what a content filter refuses is sent once", async () => {
    play("s13", refusal("content_filter", "Output blocked by content filtering policy"));
    await makeRoute(stack, "s13", { retries: 5 });
    await everywhere(async (way) => {
      const seen = await see(stack, way, routeOf("s13", way));
      assert.deepEqual([seen.status, seen.errorCode, seen.attempts], [400, "content_filter", 1], way.name);
      assert.deepEqual(callsOf(stack, seen.requestId).models, ["s13"]);
    });
  });

  it("s14: a stream that is cut says so, and no fallback that would refuse to go on with it hides that", async () => {
    play("picky", refusal("invalid_prefill", "prefilling assistant messages is not supported for this model"));
    for (const name of bySurface("s14")) {
      play(name, { chunks: 6, fault: { kind: "cut_after", chunk: 3 } });
      await makeRoute(stack, name, { retries: 2 }, "picky");
    }
    await everywhere(async (way) => {
      const name = own("s14", way);
      const seen = await see(stack, way, routeOf(name, way));
      assert.deepEqual([seen.status, seen.isWhole, seen.errorCode], [200, false, "upstream_truncated"], way.name);
      assert.deepEqual(callsOf(stack, seen.requestId).models, [name]);
      const { thrown } = await seeBySdk(stack, way, routeOf(name, way));
      assert.match(thrown?.message ?? "", /before its end|cut|ended/i);
    });
  });

  it("s16: what a fallback served is told and booked as the fallback's, with both attempts", async () => {
    play("good", { inputTokens: 100, outputTokens: 7 });
    for (const name of bySurface("s16")) {
      play(name, status(500));
      await makeRoute(stack, name);
    }
    await everywhere(async (way) => {
      const name = own("s16", way);
      for (const stream of [true, false]) {
        const seen = await see(stack, way, routeOf(name, way), { stream });
        assert.deepEqual([seen.isWhole, seen.model, seen.attempts, seen.outputTokens], [true, "good", 2, 7], way.name);
        assert.equal(seen.headers.get("x-waybill-provider"), way.provider);
        const [failed, answered] = await rowsOf(stack, seen.requestId, 2);
        assert.deepEqual(
          [failed?.model, failed?.outcome, Number(failed?.cost_usd)],
          [`scripted-${name}`, "failed_free", 0],
        );
        assert.deepEqual([answered?.model, answered?.outcome], ["scripted-good", "success"]);
        // $0.20 and $0.80 per million tokens.
        assert.equal(parseUsd(answered?.cost_usd ?? ""), 100n * 200_000n + 7n * 800_000n);
      }
    });
  });
});

describe("a provider is silent, or comes and goes", { concurrency: true }, () => {
  it("s06: no answer at all ends by 100 s; the silent model is asked once, and the fallback answers where there is one", async () => {
    const silent: Script = { fault: { kind: "hang_before_headers" } };
    for (const name of ["s06", "s06-only", "s06-plain"]) play(name, silent);
    await makeRoute(stack, "s06", { retries: 2 });
    await makeRoute(stack, "s06-only", { retries: 2 }, "none");
    // A plain answer comes when all of it is there: how long that may take is its route's to say.
    await makeRoute(stack, "s06-plain", { retries: 2, timeouts: { totalMs: scaled(60_000) } });
    await everywhere(async (way) => {
      const [next, only, plain] = await Promise.all([
        see(stack, way, routeOf("s06", way)),
        see(stack, way, routeOf("s06-only", way)),
        see(stack, way, routeOf("s06-plain", way), { stream: false }),
      ]);
      assert.deepEqual(
        [next.isWhole, next.model, next.begins, plain.isWhole, plain.model],
        [true, "good", 1, true, "good"],
      );
      assert.deepEqual([only.status, only.errorCode], [504, "upstream_timeout"], way.name);
      for (const { endMs } of [next, only, plain]) isFromTo(endMs, scaled(60_000), scaled(100_000));
      assert.deepEqual(callsOf(stack, next.requestId).models, ["s06", "good"]);
      assert.deepEqual(callsOf(stack, only.requestId).models, ["s06-only"]);
      assert.deepEqual(callsOf(stack, plain.requestId).models, ["s06-plain", "good"]);
    });
  });

  it("s07: a first token that would come after 20 s is not waited for where the route says so", async () => {
    play("s07", { firstTokenMs: scaled(20_000) });
    await makeRoute(stack, "s07", { timeouts: { firstTokenMs: scaled(10_000) } });
    await everywhere(async (way) => {
      const [by, direct] = await Promise.all([
        see(stack, way, routeOf("s07", way)),
        see(stack, way, modelAt(way, "s07")),
      ]);
      assert.deepEqual([by.isWhole, by.model, by.attempts, by.begins], [true, "good", 2, 1], way.name);
      isFromTo(by.firstMs, scaled(10_000), scaled(15_000));
      assert.deepEqual([direct.isWhole, direct.model], [true, "s07"], "a route that says nothing waits");
    });
  });

  for (const way of PASSING) {
    it(`s15: of 20 requests during 60 s of failures each is served, and the model is back within 30 s: ${way.name}`, async () => {
      const name = own("s15", way);
      await makeRoute(stack, name);
      const ask = () => see(stack, way, routeOf(name, way));
      assert.equal((await ask()).model, name);
      play(name, status(503));
      for (let count = 0; count < 20; count += 1) {
        const { isWhole, model, errorCode } = await ask();
        assert.deepEqual([isWhole, model, errorCode], [true, "good", undefined]);
        await new Promise((resolve) => setTimeout(resolve, scaled(60_000) / 20));
      }
      play(name, {});
      const upAtMs = performance.now();
      const isBack = async () => {
        const { isWhole, model } = await ask();
        assert.ok(isWhole, "served all the time");
        return model === name;
      };
      await eventually(isBack, { reason: "it is asked again", timeoutMs: 60_000, intervalMs: scaled(3_000) });
      isFromTo(performance.now() - upAtMs, 0, 30_000);
    });
  }
});

describe("after all of that", () => {
  it("every call is on the books once, and the budget says the same", async () => {
    const attempts = stack.provider.log.entries().length;
    await booksAreRight(stack, { attempts, timeoutMs: 60_000 });
    await assertBooksAgree(stack, { name: "after all of that" });
  });
});
