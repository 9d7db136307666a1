import assert from "node:assert/strict";
import { test } from "node:test";
import { Waybill } from "@waybill/wire";
import type { Reply } from "../ports.ts";
import { gemini } from "../providers/gemini/index.ts";
import { openAi } from "../providers/openai/index.ts";
import { openAiCompatible } from "../providers/openai-compatible/index.ts";
import type { Ending } from "./ending.ts";
import { ProviderCall } from "./provider-call.ts";

const timeouts = { connectMs: 10, firstTokenMs: 100, gapMs: 50, totalMs: 0 };

/** A call whose connection, clock and ingress are this test. */
const exchange = openAiCompatible.exchange("openai-chat") ?? assert.fail();

function setUp(
  stream: boolean,
  { choiceCount = 1, bytesPerSecondMin = 0, served = exchange, gapMs = timeouts.gapMs } = {},
): {
  call: ProviderCall;
  endings: Ending[];
  log: string[];
  reply: { isBroken: boolean };
  at(ms: number): void;
} {
  const endings: Ending[] = [];
  const log: string[] = [];
  let nowMs = 0;
  const reply: Reply = {
    isBroken: false,
    started: (status, contentType) => void log.push(`started ${status} ${contentType}`),
    data: (bytes) => void log.push(`data ${Buffer.concat(bytes).length}`),
    finished: () => {},
    failed: () => {},
  };
  const call = new ProviderCall({
    waybill: Waybill.fromPartial({ stream, choiceCount, timeouts: { ...timeouts, gapMs } }),
    upstream: { mask: (text: string) => text.replaceAll("sk-ours", "***") },
    exchange: served,
    droppedFields: [],
    reply,
    clock: { monotonicMs: () => nowMs, unixMs: () => 0 },
    calledAtMs: 0,
    totalDueAtMs: 60_000,
    bytesPerSecondMin,
    onFirstData: () => void log.push("first data"),
    onEnding: (ending) => void endings.push(ending),
  });
  call.start(() => ({ abort: () => void log.push("abort"), release: () => void log.push("release") }));
  const at = (ms: number): void => {
    nowMs = ms;
  };
  return { call, endings, log, reply, at };
}

const event = (value: unknown): Buffer =>
  Buffer.from(`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
const content = event({ choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null }] });
const stop = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const done = event("[DONE]");
const noHeaders = (): string => "";

test("a stream starts with its first content and ends with its own end", () => {
  const { call, endings, log, at } = setUp(true);
  call.onSent();
  call.onHeaders(200, noHeaders);
  call.onData(event({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }));
  assert.equal(log.length, 0);
  at(30);
  call.onData(content);
  call.onData(Buffer.concat([stop, done]));
  call.onEnd();
  assert.deepEqual(
    log.map((line) => line.split(" ")[0]),
    ["started", "data", "first", "data", "release"],
  );
  assert.equal(endings.length, 1);
  assert.deepEqual(
    [endings[0]?.failure, endings[0]?.firstTokenMs, endings[0]?.countedOutputTokens],
    [undefined, 30, 1n],
  );
});

test("each timeout ends the call under its own code, by how far it got", () => {
  for (const [prepare, atMs, code, reach] of [
    [() => {}, 10, "upstream_unreachable", "not_sent"],
    [(call: ProviderCall) => call.onSent(), 100, "upstream_timeout", "sent"],
    [
      (call: ProviderCall) => {
        call.onSent();
        call.onHeaders(200, noHeaders);
        call.onData(content);
      },
      50,
      "upstream_timeout",
      "accepted",
    ],
  ] as const) {
    const { call, endings, log } = setUp(true);
    prepare(call);
    call.sweep(atMs - 1);
    assert.equal(endings.length, 0);
    call.sweep(atMs);
    assert.deepEqual([endings[0]?.failure?.code, endings[0]?.reach], [code, reach]);
    assert.equal(log.at(-1), "abort");
  }
});

test("a stream that said how it finished is whole without its end mark, at once or after five seconds", () => {
  for (const choiceCount of [1, 2]) {
    const ended = setUp(true, { choiceCount });
    const open = setUp(true, { choiceCount });
    for (const { call } of [ended, open]) {
      call.onSent();
      call.onHeaders(200, noHeaders);
      call.onData(Buffer.concat([content, stop]));
    }
    ended.call.onEnd();
    open.at(4_000);
    open.call.onData(Buffer.from(": ping\n\n"));
    open.call.sweep(4_999);
    assert.equal(open.endings.length, choiceCount === 1 ? 0 : 1);
    open.call.sweep(5_000);
    const codes = [ended, open].map(({ endings }) => endings[0]?.failure?.code);
    // The other choice may be cut short.
    assert.deepEqual(codes, choiceCount === 1 ? [undefined, undefined] : ["upstream_truncated", "upstream_timeout"]);
  }
});

test("a stream that only trickles is ended where the operator says so", () => {
  for (const bytesPerSecondMin of [0, 1]) {
    const { call, endings, at } = setUp(true, { bytesPerSecondMin });
    call.onSent();
    call.onHeaders(200, noHeaders);
    for (let ms = 0; ms < 30_040; ms += 40) {
      at(ms);
      call.onData(ms % 4_000 === 0 ? content : Buffer.from(": ping\n\n"));
      call.sweep(ms);
    }
    assert.equal(endings[0]?.failure?.code, bytesPerSecondMin === 0 ? undefined : "upstream_timeout");
  }
});

test("the first end stands, whatever comes after it", () => {
  const { call, endings } = setUp(true);
  call.onSent();
  call.cancel("client_gone");
  call.cancel("draining");
  call.onHeaders(200, noHeaders);
  call.onData(content);
  call.onError("ECONNRESET");
  call.onEnd();
  call.sweep(5_000);
  assert.equal(endings.length, 1);
  assert.deepEqual(
    [endings[0]?.failure?.code, endings[0]?.wasCancelled, endings[0]?.reach],
    ["client_gone", true, "sent"],
  );
});

test("a call that was cancelled before it began is never started", () => {
  const { call, endings } = setUp(true);
  call.cancel("client_gone");
  call.start(() => assert.fail("it was started"));
  assert.deepEqual([endings.length, endings[0]?.reach], [1, "not_sent"]);
});

test("a hole in the reply ends the call: the client has no use for the rest", () => {
  const { call, endings, reply } = setUp(true);
  call.onSent();
  call.onHeaders(200, noHeaders);
  reply.isBroken = true;
  call.onData(content);
  assert.deepEqual([endings[0]?.failure?.code, endings[0]?.wasCancelled], ["bus_unavailable", true]);
});

test("a plain answer is read whole; one that breaks off is accepted and incomplete", () => {
  const whole = setUp(false);
  const body = Buffer.from(JSON.stringify({ choices: [{ message: { content: "hi" }, finish_reason: "stop" }] }));
  whole.call.onSent();
  whole.call.onHeaders(200, noHeaders);
  whole.call.onData(body.subarray(0, 10));
  whole.call.onData(body.subarray(10));
  assert.equal(whole.log.length, 0);
  whole.call.onEnd();
  assert.deepEqual(whole.log, ["started 200 application/json", `data ${body.length}`]);
  assert.equal(whole.endings[0]?.finishReason, "stop");

  const broken = setUp(false);
  broken.call.onSent();
  broken.call.onHeaders(200, noHeaders);
  broken.call.onData(body.subarray(0, 10));
  broken.call.onError("UND_ERR_SOCKET");
  assert.deepEqual([broken.endings[0]?.failure?.code, broken.endings[0]?.reach], ["upstream_truncated", "accepted"]);
});

test("a refusal is known by its status even when its body never ends", () => {
  const { call, endings } = setUp(true);
  call.onSent();
  call.onHeaders(400, noHeaders);
  call.onData(Buffer.alloc(70_000, "x"));
  assert.deepEqual([endings[0]?.failure?.code, endings[0]?.reach], ["upstream_rejected", "refused"]);
});

test("our key is never passed on, also where the provider quotes it in what it says of the request", () => {
  const { call, endings } = setUp(true);
  call.onSent();
  call.onHeaders(400, noHeaders);
  call.onData(Buffer.from('{"error":{"message":"Incorrect key sk-ours-1 given","param":"sk-ours-1"}}'));
  call.onEnd();
  assert.equal(endings[0]?.failure?.message, "Incorrect key ***-1 given");
  assert.equal(endings[0]?.failure?.param, "***-1");
});

test("a compressed answer was not asked for and cannot be passed on", () => {
  const { call, endings } = setUp(true);
  call.onSent();
  call.onHeaders(200, (name) => (name === "content-encoding" ? "gzip" : ""));
  assert.equal(endings[0]?.failure?.code, "upstream_malformed");
});

test("a failure whose usage the provider reports was no refusal: it is billed", () => {
  const served = gemini.exchange("openai-chat") ?? assert.fail();
  const blocked = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 9 } };
  for (const stream of [true, false]) {
    const endedBy = (answer: object) => {
      const { call, endings } = setUp(stream, { served });
      call.onSent();
      call.onHeaders(200, noHeaders);
      call.onData(stream ? event(answer) : Buffer.from(JSON.stringify(answer)));
      call.onEnd();
      return [endings[0]?.failure?.code, endings[0]?.reach, endings[0]?.reportedUsage?.input];
    };
    assert.deepEqual(endedBy(blocked), ["content_filter", "accepted", 9n]);
    assert.deepEqual(endedBy({ ...blocked, usageMetadata: undefined }), ["content_filter", "refused", undefined]);
  }
});

test("an answer that broke off is waited for to say its usage, and is never whole", () => {
  const broken = event({ choices: [{ index: 0, delta: {}, finish_reason: "insufficient_system_resource" }] });
  const usage = event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } });
  const ways = {
    mark: ({ call }: ReturnType<typeof setUp>) => call.onData(done),
    end: ({ call }: ReturnType<typeof setUp>) => call.onEnd(),
    hang: ({ call, endings }: ReturnType<typeof setUp>) => {
      call.sweep(4_999);
      assert.equal(endings.length, 0);
      call.sweep(5_000);
    },
  };
  for (const [name, end] of Object.entries(ways)) {
    const set = setUp(true);
    set.call.onSent();
    set.call.onHeaders(200, noHeaders);
    set.call.onData(Buffer.concat([content, broken, usage]));
    end(set);
    const [ending] = set.endings;
    assert.deepEqual([ending?.failure?.code, ending?.reportedUsage?.output], ["upstream_truncated", 2n], name);
    assert.deepEqual(
      [ending?.finishReason, set.log.at(-1)],
      ["insufficient_system_resource", name === "end" ? "first data" : "abort"],
    );
  }
});

test("a plain answer that broke off was made: without usage it counts as that, and not as refused", () => {
  const { call, endings, log } = setUp(false);
  call.onSent();
  call.onHeaders(200, noHeaders);
  call.onData(Buffer.from('{"choices":[{"message":{"content":"12345678"},"finish_reason":"error"}]}'));
  call.onEnd();
  const [ending] = endings;
  assert.deepEqual(
    [ending?.failure?.code, ending?.reach, ending?.countedOutputTokens],
    ["upstream_truncated", "accepted", 2n],
  );
  assert.deepEqual([ending?.finishReason, log], ["error", []]);
});

test("a response whose items are all done is given up after five seconds of silence, long before the gap", () => {
  const served = openAi.exchange("openai-responses") ?? assert.fail();
  const { call, endings, at } = setUp(true, { served, gapMs: 30_000 });
  const item = (what: string) =>
    event({ type: `response.output_item.${what}`, output_index: 0, item: { type: "message" } });
  call.onSent();
  call.onHeaders(200, noHeaders);
  call.onData(Buffer.concat([item("added"), event({ type: "response.output_text.delta", delta: "hi" })]));
  at(1_000);
  call.onData(item("done"));
  call.sweep(5_999);
  assert.equal(endings.length, 0);
  call.sweep(6_000);
  assert.deepEqual([endings[0]?.failure?.code, endings[0]?.reach], ["upstream_timeout", "accepted"]);
});

test("a failure after thoughts or a search was no refusal, although nothing was shown", () => {
  const served = openAi.exchange("openai-responses") ?? assert.fail();
  const endedBy = (...events: object[]) => {
    const { call, endings } = setUp(true, { served });
    call.onSent();
    call.onHeaders(200, noHeaders);
    for (const each of events) call.onData(event(each));
    call.onEnd();
    return [endings[0]?.failure?.code, endings[0]?.reach];
  };
  const failed = { type: "response.failed", response: { status: "failed", error: { code: "server_error" } } };
  assert.deepEqual(endedBy(failed), ["upstream_error", "refused"]);
  const thought = { type: "response.output_item.done", item: { type: "reasoning", summary: [] } };
  assert.deepEqual(endedBy(thought, failed), ["upstream_error", "accepted"]);
});
