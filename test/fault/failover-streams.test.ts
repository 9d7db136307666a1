// Streams that break, stall, lie or are merely odd, on every way in and out: what is whole arrives whole, what is not ends with an
// error event and never with a clean end, and what failed before any content is made good by the fallback, unseen.
// S08 to S11 are those of failoverbench; their long waits are divided by WAYBILL_FAULT_SCALE.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, type Script } from "@waybill/testing";
import { booksAreRight } from "../stack/books.ts";
import { assertBooksAgree } from "../stack/books-agree.ts";
import {
  bySurface,
  callsOf,
  DIRECTIONS,
  everywhere,
  failoverYaml,
  makeRoute,
  modelAt,
  own,
  rowsOf,
  see,
  seeBySdk,
} from "../stack/failover.ts";
import { faultScale } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const SCALE = faultScale();
/** As long as it is in earnest, divided for CI. */
const scaled = (ms: number): number => ms / SCALE;

/** Whole answers, however they come. */
const ODD: Readonly<Record<string, [script: Script, text: string]>> = {
  utf8: [{ bytesPerWrite: 1, text: "naïve 日本 → 🎉", chunks: 5 }, "naïve 日本 → 🎉"],
  crlf: [{ text: "one two three", chunks: 4, fault: { kind: "crlf" } }, "one two three"],
  bom: [{ text: "one two three", chunks: 4, fault: { kind: "bom" } }, "one two three"],
  more: [{ text: "one two three", chunks: 4, fault: { kind: "more_after_end" } }, "one two three"],
};
/** What fails before any content. */
const EARLY: Readonly<Record<string, Script>> = {
  "first-frame": { fault: { kind: "first_frame_error" } },
  "first-frame-429": { fault: { kind: "first_frame_error", errorType: "rate_limit_error" } },
  "after-role": { fault: { kind: "error_event_after", chunk: 0 } },
  "bad-json-first": { chunks: 4, fault: { kind: "malformed_json", chunk: 0 } },
  "cut-first": { chunks: 4, fault: { kind: "cut_after", chunk: 0 } },
  "ends-first": { chunks: 4, fault: { kind: "end_without_done", chunk: 0 } },
  gzip: { fault: { kind: "gzip_bomb" } },
};
/** What fails when content was seen, and the code that says so. */
const LATE: Readonly<Record<string, [script: Script, code: string]>> = {
  "s08-rst": [{ outputTokens: 60, chunks: 60, fault: { kind: "cut_after", chunk: 40 } }, "upstream_truncated"],
  "s08-fin": [
    { outputTokens: 60, chunks: 60, fault: { kind: "cut_after", chunk: 40, by: "fin" } },
    "upstream_truncated",
  ],
  s10: [{ chunks: 4, fault: { kind: "malformed_json", chunk: 2 } }, "upstream_malformed"],
  "ends-late": [{ chunks: 4, fault: { kind: "end_without_done", chunk: 3 } }, "upstream_truncated"],
  "error-late": [{ chunks: 4, fault: { kind: "error_event_after", chunk: 2 } }, "upstream_error"],
  "error-late-429": [
    { chunks: 4, fault: { kind: "error_event_after", chunk: 2, errorType: "rate_limit_error" } },
    "upstream_rate_limited",
  ],
};
/** Generation that a provider breaks off, said where others say how they finished. A response says it by an event of its own. */
const BROKEN_OFF: Script = { text: "one two three", chunks: 4, finishReason: "insufficient_system_resource" };
const NAMES = [
  ...Object.keys(ODD),
  ...Object.keys({ ...EARLY, ...LATE }).flatMap(bySurface),
  "s09",
  "pause",
  "s11",
  "s11-hang",
  ...bySurface("broken-off"),
  ...bySurface("broken-off-plain"),
  "endless",
  "huge",
];

let stack: TestStack;
before(async () => {
  console.log(`long waits are divided by ${SCALE}`);
  stack = await startStack({
    replicas: { console: 1 },
    waybillYaml: failoverYaml(NAMES),
    env: {
      router: { WAYBILL_GAP_TIMEOUT_MS: String(scaled(30_000)) },
      ingress: { WAYBILL_HEARTBEAT_MS: String(scaled(15_000)) },
    },
  });
  for (const [name, [script]] of Object.entries(ODD)) stack.provider.setForModel(`scripted-${name}`, script);
  for (const [name, [script]] of Object.entries(LATE)) playApart(name, script);
  for (const [name, script] of Object.entries(EARLY)) {
    playApart(name, script);
    for (const each of bySurface(name)) await makeRoute(stack, each);
  }
  for (const name of ["broken-off", "broken-off-plain"]) playApart(name, BROKEN_OFF);
  for (const each of bySurface("broken-off-plain")) await makeRoute(stack, each);
  // With the gap that is usual, which is not what ends the wait for a last event.
  await makeRoute(stack, "s11-hang", { timeouts: { gapMs: 30_000 } }, "none");
});
after(() => stack[Symbol.asyncDispose]());

function playApart(name: string, script: Script): void {
  for (const each of bySurface(name)) stack.provider.setForModel(`scripted-${each}`, script);
}

describe("streams that wait", { concurrency: true }, () => {
  it("s09: 30 s of silence end the stream by 45 s, and the next is served", () =>
    everywhere(async (direction) => {
      stack.provider.setForModel("scripted-s09", { chunks: 4, fault: { kind: "stall_after", chunk: 2 } });
      const seen = await see(stack, direction, modelAt(direction, "s09"));
      assert.deepEqual([seen.isWhole, seen.errorCode, seen.begins], [false, "upstream_timeout", 1], direction.name);
      assert.ok(seen.endMs >= scaled(30_000) && seen.endMs <= scaled(45_000), `after ${seen.endMs} ms`);
      assert.ok((await see(stack, direction, modelAt(direction, "good"))).isWhole, "alive after");
    }));

  it("a silence of 20 s in a stream is filled with signs of life, and the answer is whole", () =>
    everywhere(async (direction) => {
      const fault = { kind: "pause_after", chunk: 2, ms: scaled(20_000) } as const;
      stack.provider.setForModel("scripted-pause", { chunks: 4, fault });
      const { isWhole, comments, pings } = await see(stack, direction, modelAt(direction, "pause"));
      const own = direction.surface !== "anthropic" ? comments : pings - (direction.provider === "anthropic" ? 1 : 0);
      assert.deepEqual([isWhole, own], [true, 1], direction.name);
      assert.deepEqual((await seeBySdk(stack, direction, modelAt(direction, "pause"))).thrown, undefined);
    }));

  for (const [name, hang] of [
    ["s11", false],
    ["s11-hang", true],
  ] as const) {
    it(`${name}: without its end mark an answer that says how it finished is whole within 8 s, with its usage`, () =>
      everywhere(async (direction) => {
        stack.provider.setForModel(`scripted-${name}`, { fault: { kind: "no_end_mark", hang } });
        const model = hang ? `dynamic/${name}-${direction.provider}` : modelAt(direction, name);
        const seen = await see(stack, direction, model);
        assert.ok(seen.endMs <= 8_000, `after ${seen.endMs} ms`);
        if (direction.surface === "responses" && direction.passes) {
          // Its end mark is what says how it finished, with the usage: without it nobody knows.
          const code = hang ? "upstream_timeout" : "upstream_truncated";
          assert.deepEqual([seen.isWhole, seen.errorCode], [false, code], direction.name);
          const [cut] = await rowsOf(stack, seen.requestId, 1);
          assert.deepEqual([cut?.outcome, cut?.error_code], ["partial", code]);
          return;
        }
        assert.deepEqual([seen.isWhole, seen.errorCode, seen.outputTokens], [true, undefined, 8], direction.name);
        const [row] = await rowsOf(stack, seen.requestId, 1);
        assert.deepEqual([row?.outcome, row?.token_source, row?.output_tokens], ["success", "provider", 8n]);
      }));
  }

  it("endless: a stream that never ends is ended at its total time, and the provider is left", async () => {
    stack.provider.setForModel("scripted-endless", { chunks: 1_000_000, gapMs: 20 });
    await makeRoute(stack, "endless", { timeouts: { totalMs: scaled(20_000) } }, "none");
    await everywhere(async (direction) => {
      const seen = await see(stack, direction, `dynamic/endless-${direction.provider}`);
      assert.deepEqual([seen.isWhole, seen.errorCode], [false, "upstream_timeout"], direction.name);
      assert.ok(seen.endMs >= scaled(20_000) && seen.endMs <= scaled(30_000), `after ${seen.endMs} ms`);
      const [call] = stack.provider.log.forRequest(seen.requestId);
      await eventually(() => call?.end === "client_aborted", { reason: "the provider is left" });
    });
  });
});

describe("streams that are odd or break", { concurrency: true }, () => {
  for (const [name, [, text]] of Object.entries(ODD)) {
    it(`${name}: odd, and whole`, () =>
      everywhere(async (direction) => {
        const seen = await see(stack, direction, modelAt(direction, name));
        const { isWhole, errorCode, begins, afterEnd, outputTokens } = seen;
        assert.deepEqual(
          [isWhole, errorCode, begins, afterEnd, outputTokens],
          [true, undefined, 1, 0, 8],
          direction.name,
        );
        assert.equal(seen.text, text);
        const bySdk = await seeBySdk(stack, direction, modelAt(direction, name));
        assert.deepEqual([bySdk.thrown, bySdk.text === seen.text], [undefined, true]);
      }));
  }

  for (const name of Object.keys(EARLY)) {
    it(`${name}: fails before any content, and the fallback answers, unseen`, () =>
      everywhere(async (direction) => {
        const [first, route] = [own(name, direction), `dynamic/${own(name, direction)}-${direction.provider}`];
        const seen = await see(stack, direction, route);
        const { status, isWhole, errorCode, begins, model, attempts, outputTokens } = seen;
        assert.deepEqual([status, isWhole, errorCode, begins], [200, true, undefined, 1], direction.name);
        assert.deepEqual([model, attempts, outputTokens], ["good", 2, 8]);
        assert.deepEqual(callsOf(stack, seen.requestId).models, [first, "good"]);
        const [failed, answered] = await rowsOf(stack, seen.requestId, 2);
        assert.notEqual(failed?.outcome, "success");
        const bySdk = await seeBySdk(stack, direction, route);
        assert.deepEqual([bySdk.thrown, bySdk.text], [undefined, seen.text]);
        assert.deepEqual([answered?.outcome, answered?.model], ["success", "scripted-good"]);
        const direct = await see(stack, direction, modelAt(direction, first));
        assert.ok(direct.status >= 400 && direct.errorCode !== undefined, "without a fallback it is an HTTP error");
      }));
  }

  const saysBySuchAWord = DIRECTIONS.filter(({ surface, passes }) => !(surface === "responses" && passes));

  it("broken-off: a finish reason that is none ends a stream with an error, and what it used is booked", () =>
    everywhere(async (direction) => {
      const seen = await see(stack, direction, modelAt(direction, own("broken-off", direction)));
      const { status, isWhole, errorCode, begins } = seen;
      assert.deepEqual([status, isWhole, errorCode, begins], [200, false, "upstream_truncated", 1], direction.name);
      assert.notEqual(seen.text, "");
      const [row] = await rowsOf(stack, seen.requestId, 1);
      assert.deepEqual(
        [row?.outcome, row?.error_code, row?.token_source, row?.output_tokens],
        ["partial", "upstream_truncated", "provider", 8n],
      );
      const { thrown } = await seeBySdk(stack, direction, modelAt(direction, own("broken-off", direction)));
      assert.ok(thrown, "the SDK throws");
    }, saysBySuchAWord));

  it("broken-off-plain: a whole answer with such a reason is none, is billed, and the fallback answers", () =>
    everywhere(async (direction) => {
      const route = `dynamic/${own("broken-off-plain", direction)}-${direction.provider}`;
      const seen = await see(stack, direction, route, { stream: false });
      const { status, isWhole, model, attempts } = seen;
      assert.deepEqual([status, isWhole, model, attempts], [200, true, "good", 2], direction.name);
      const [broken, answered] = await rowsOf(stack, seen.requestId, 2);
      assert.deepEqual(
        [broken?.outcome, broken?.error_code, broken?.output_tokens],
        ["failed_billed", "upstream_truncated", 8n],
      );
      assert.equal(answered?.outcome, "success");
    }, saysBySuchAWord));

  for (const [name, [, code]] of Object.entries(LATE)) {
    it(`${name}: breaks after content, and the last event says ${code}`, () =>
      everywhere(async (direction) => {
        const seen = await see(stack, direction, modelAt(direction, own(name, direction)));
        const { status, isWhole, errorCode, begins, attempts } = seen;
        assert.deepEqual([status, isWhole, errorCode, begins, attempts], [200, false, code, 1, 1], direction.name);
        assert.notEqual(seen.text, "");
        const [row] = await rowsOf(stack, seen.requestId, 1);
        assert.deepEqual([row?.outcome, row?.error_code], ["partial", code]);
        if (name.startsWith("s08")) assert.ok((row?.output_tokens ?? 0n) >= 40n, `${row?.output_tokens} tokens`);
        const { thrown, text } = await seeBySdk(stack, direction, modelAt(direction, own(name, direction)));
        assert.ok(thrown, "the SDK throws");
        assert.equal(text, seen.text);
      }));
  }
});

describe("a stream of 5 MB in few events, which keeps this very process busy", () => {
  for (const direction of DIRECTIONS) {
    it(`${direction.name}: is whole`, async () => {
      // A response repeats its text four times more, and no more than 4 MiB may wait for this busy reader.
      const bytes = direction.surface === "responses" ? 1024 * 1024 : 5 * 1024 * 1024;
      stack.provider.setForModel("scripted-huge", { chunks: 2, fault: { kind: "oversize_event", bytes } });
      const { isWhole, errorCode, text } = await see(stack, direction, modelAt(direction, "huge"));
      assert.deepEqual([isWhole, errorCode, text.startsWith("x".repeat(bytes))], [true, undefined, true]);
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
