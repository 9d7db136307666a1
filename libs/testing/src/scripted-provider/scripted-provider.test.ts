// The scripted provider keeps its promises: it answers exactly as told, and its log is the truth about every call.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createInterface } from "node:readline";
import { after, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { eventually } from "../eventually.ts";
import { sha256 } from "./fingerprint.ts";
import { scriptedText } from "./plan.ts";
import { parseScripts, type Script } from "./script.ts";
import { startScriptedProvider } from "./server.ts";

const provider = await startScriptedProvider({ logBytes: true });
beforeEach(() => provider.reset());
after(() => provider.stop());

const messages = [{ role: "user", content: "hello" }];

interface Received {
  status: number;
  headers: Headers;
  body: Buffer;
  /** How the connection broke, where it did. */
  broken: boolean;
}

async function call(script: Script | undefined, fields: Record<string, unknown> = {}, url = provider.url) {
  const body = JSON.stringify({ model: "scripted-1", messages, ...fields, ...(script && { x_script: script }) });
  const response = await fetch(`${url}/chat/completions`, { method: "POST", body, headers: { "x-test": "1" } });
  const pieces: Uint8Array[] = [];
  let broken = false;
  try {
    for await (const piece of response.body ?? []) pieces.push(piece);
  } catch {
    broken = true;
  }
  const received: Received = {
    status: response.status,
    headers: response.headers,
    body: Buffer.concat(pieces),
    broken,
  };
  return received;
}

function events(body: Buffer): string[] {
  return body
    .toString("utf8")
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => event.replace(/^data: /, ""));
}

function streamedText(body: Buffer): string {
  return events(body)
    .filter((data) => data !== "[DONE]")
    .map((data) => JSON.parse(data).choices?.[0]?.delta?.content ?? "")
    .join("");
}

function last() {
  const entry = provider.log.entries().at(-1);
  assert.ok(entry);
  return entry;
}

const streamed = { stream: true, stream_options: { include_usage: true } };
const request = { model: "scripted-1", stream: true, includeUsage: true, maxTokens: undefined, choices: 1 };

test("a plain answer carries the scripted text and tokens, and the log equals what arrived", async () => {
  const script: Script = {
    inputTokens: 100,
    cachedInputTokens: 40,
    cacheWriteTokens: 7,
    cacheWrite1hTokens: 2,
    outputTokens: 20,
    reasoningTokens: 5,
    text: "日本 ok",
  };
  const received = await call(script);
  const answer = JSON.parse(received.body.toString());
  assert.equal(answer.choices[0].message.content, "日本 ok");
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.prompt_tokens, 100);
  assert.equal(answer.usage.prompt_tokens_details.cached_tokens, 40);
  assert.equal(answer.usage.prompt_tokens_details.cache_write_tokens, 9);
  assert.equal(answer.usage.completion_tokens, 20);
  assert.equal(answer.usage.completion_tokens_details.reasoning_tokens, 5);
  const entry = last();
  assert.equal(entry.end, "completed");
  assert.equal(entry.sentSha256, sha256(received.body));
  assert.equal(entry.sentBytes, received.body.length);
  assert.deepEqual(entry.tokensReported, {
    inputTokens: 100,
    cachedInputTokens: 40,
    cacheWriteTokens: 7,
    cacheWrite1hTokens: 2,
    outputTokens: 20,
    reasoningTokens: 5,
  });
});

test("a stream is role, content, finish, usage, [DONE], and usage comes only when asked for", async () => {
  const script: Script = { outputTokens: 5, chunks: 3 };
  const received = await call(script, streamed);
  const all = events(received.body);
  assert.equal(all.length, 1 + 3 + 1 + 1 + 1);
  assert.equal(all.at(-1), "[DONE]");
  assert.equal(JSON.parse(all.at(-2) ?? "").usage.completion_tokens, 5);
  assert.equal(JSON.parse(all[0] ?? "").usage, null);
  assert.equal(streamedText(received.body), scriptedText(request, script));

  const unasked = await call(script, { stream: true });
  assert.equal(events(unasked.body).length, 1 + 3 + 1 + 1);
  assert.doesNotMatch(unasked.body.toString(), /usage/);
  assert.equal(last().tokensReported, undefined);
});

test("bytes split anywhere arrive whole, and the log's hash is theirs", async () => {
  const script = fc.record({
    bytesPerWrite: fc.integer({ min: 1, max: 9 }),
    chunks: fc.integer({ min: 0, max: 6 }),
    text: fc.string({ unit: "grapheme", maxLength: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(script, async (each) => {
      const received = await call(each, streamed);
      assert.equal(streamedText(received.body), each.chunks === 0 ? "" : each.text);
      assert.equal(last().sentSha256, sha256(received.body));
      assert.equal(Buffer.from(last().sentBase64 ?? "", "base64").compare(received.body), 0);
    }),
    { numRuns: 15 },
  );
});

test('"max" is exactly what the request allows, times n', async () => {
  const one = await call({ outputTokens: "max" }, { max_tokens: 7 });
  assert.equal(JSON.parse(one.body.toString()).usage.completion_tokens, 7);
  assert.equal(JSON.parse(one.body.toString()).choices[0].finish_reason, "length");
  const three = await call({ outputTokens: "max" }, { max_completion_tokens: 9, max_tokens: 7, n: 3 });
  assert.equal(JSON.parse(three.body.toString()).usage.completion_tokens, 27);
  assert.equal(JSON.parse(three.body.toString()).choices.length, 3);
});

test("tool calls come whole in a plain answer and in pieces in a stream", async () => {
  const script: Script = { chunks: 0, toolCalls: [{ name: "look_up", arguments: '{"city":"Köln"}' }] };
  const plain = JSON.parse((await call(script)).body.toString()).choices[0];
  assert.equal(plain.finish_reason, "tool_calls");
  assert.equal(plain.message.tool_calls[0].function.arguments, '{"city":"Köln"}');
  const deltas = events((await call(script, streamed)).body)
    .filter((data) => data.includes("tool_calls") && !data.includes('"finish_reason":"tool_calls"'))
    .map((data) => JSON.parse(data).choices[0].delta.tool_calls[0].function.arguments);
  assert.equal(deltas.join(""), '{"city":"Köln"}');
});

test("usage can be missing, zero, huge or negative", async () => {
  const usage = async (kind: "missing" | "zero" | "huge" | "negative") =>
    JSON.parse((await call({ usage: kind })).body.toString()).usage;
  assert.equal(await usage("missing"), undefined);
  assert.equal((await usage("zero")).total_tokens, 0);
  assert.equal((await usage("huge")).prompt_tokens, Number.MAX_SAFE_INTEGER);
  assert.ok((await usage("negative")).completion_tokens < 0);
  assert.equal(events((await call({ usage: "missing", chunks: 2 }, streamed)).body).length, 1 + 2 + 1 + 1);
});

const brokenStreams: [string, Script, (received: Received) => void][] = [
  [
    "status",
    { fault: { kind: "status", status: 429, retryAfter: 3 } },
    ({ status, headers, body }) => {
      assert.equal(status, 429);
      assert.equal(headers.get("retry-after"), "3");
      assert.equal(typeof JSON.parse(body.toString()).error.message, "string");
    },
  ],
  [
    "cut_after by RST",
    { chunks: 4, fault: { kind: "cut_after", chunk: 2 } },
    ({ broken, body }) => {
      assert.ok(broken);
      assert.equal(events(body).length, 3);
    },
  ],
  [
    "cut_after by FIN",
    { chunks: 4, fault: { kind: "cut_after", chunk: 2, by: "fin" } },
    ({ broken, body }) => {
      assert.ok(broken);
      assert.equal(events(body).length, 3);
    },
  ],
  [
    "end_without_done",
    { chunks: 4, fault: { kind: "end_without_done", chunk: 4 } },
    ({ broken, body }) => {
      assert.ok(!broken);
      assert.equal(events(body).length, 5);
      assert.doesNotMatch(body.toString(), /\[DONE\]|"finish_reason":"/);
    },
  ],
  [
    "error_event_after",
    { chunks: 4, fault: { kind: "error_event_after", chunk: 1, message: "overloaded" } },
    ({ body }) => assert.equal(JSON.parse(events(body).at(-1) ?? "").error.message, "overloaded"),
  ],
  [
    "first_frame_error",
    { fault: { kind: "first_frame_error" } },
    ({ status, body }) => {
      assert.equal(status, 200);
      assert.ok(JSON.parse(events(body)[0] ?? "").error);
    },
  ],
  [
    "malformed_json",
    { chunks: 4, fault: { kind: "malformed_json", chunk: 2 } },
    ({ body }) => {
      const bad = events(body).map((data) => data !== "[DONE]" && isBroken(data));
      assert.deepEqual(bad.indexOf(true), 3);
      assert.equal(events(body).at(-1), "[DONE]");
    },
  ],
];

function isBroken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

for (const [name, script, check] of brokenStreams) {
  test(`fault ${name} does what it says and is logged as faulted`, async () => {
    const received = await call(script, streamed);
    check(received);
    await eventually(() => last().end === "faulted", { reason: "the log says faulted" });
    assert.equal(last().fault, script.fault?.kind);
    assert.equal(last().sentSha256, sha256(received.body));
    assert.equal(last().tokensReported === undefined, name !== "malformed_json");
  });
}

test("a plain answer can be cut, ended early or broken too", async () => {
  for (const by of ["rst", "fin"] as const) {
    const cut = await call({ chunks: 2, fault: { kind: "cut_after", chunk: 1, by } });
    assert.ok(cut.broken);
    assert.ok(cut.body.length > 0);
  }
  const short = await call({ fault: { kind: "end_without_done" } });
  assert.ok(!short.broken && isBroken(short.body.toString()));
  assert.ok(isBroken((await call({ fault: { kind: "malformed_json" } })).body.toString()));
});

test("odd but valid: crlf, bom, oversize_event and slow_bytes complete", async () => {
  const crlf = await call({ fault: { kind: "crlf" } }, streamed);
  assert.ok(crlf.body.toString().endsWith("data: [DONE]\r\n\r\n"));
  const bom = await call({ fault: { kind: "bom" } }, streamed);
  assert.deepEqual([...bom.body.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  const oversize = await call({ fault: { kind: "oversize_event", bytes: 300_000 } }, streamed);
  assert.ok(oversize.body.length > 300_000);
  await call({ chunks: 1, fault: { kind: "slow_bytes", intervalMs: 0 } }, streamed);
  assert.deepEqual(
    provider.log.entries().map((entry) => entry.end),
    ["completed", "completed", "completed", "completed"],
  );
});

const hangs: [string, Script, Record<string, unknown>, number][] = [
  ["hang_before_headers", { fault: { kind: "hang_before_headers" } }, {}, 0],
  ["hang_after_headers", { fault: { kind: "hang_after_headers" } }, streamed, 0],
  ["stall_after", { chunks: 4, fault: { kind: "stall_after", chunk: 2 } }, streamed, 2],
  ["a long latency", { latencyMs: 60_000 }, {}, 0],
  ["a long gap", { chunks: 3, gapMs: 60_000 }, streamed, 1],
];

for (const [name, script, fields, chunks] of hangs) {
  test(`${name} lasts until the client leaves, and the log says after which chunk`, async () => {
    const body = JSON.stringify({ model: "scripted-1", messages, ...fields, x_script: script });
    const client = httpRequest(`${provider.url}/chat/completions`, { method: "POST" });
    client.on("error", () => undefined);
    client.on("response", (response) => response.on("error", () => undefined).resume());
    client.end(body);
    await eventually(() => provider.log.entries().at(-1)?.contentChunksSent === chunks, { reason: "chunks sent" });
    assert.equal(last().end, "running");
    client.destroy();
    await eventually(() => last().end === "client_aborted", { reason: "the provider notices" });
    assert.equal(last().contentChunksSent, chunks);
  });
}

test("a reader that does not read holds the provider back", async () => {
  const client = httpRequest(`${provider.url}/chat/completions`, { method: "POST" });
  client.on("error", () => undefined);
  client.on("response", (response) => response.on("error", () => undefined));
  const script: Script = { chunks: 1_000_000, outputTokens: 1_000_000 };
  client.end(JSON.stringify({ model: "scripted-1", messages, stream: true, x_script: script }));
  let before = -1;
  await eventually(
    () => {
      const sent = provider.log.entries().at(-1)?.sentBytes ?? 0;
      const isStill = sent > 0 && sent === before;
      before = sent;
      return isStill;
    },
    { reason: "the provider stops writing", intervalMs: 100 },
  );
  assert.ok(last().contentChunksSent < 1_000_000);
  client.destroy();
  await eventually(() => last().end === "client_aborted", { reason: "the provider notices" });
});

test("a list of scripts is taken one by one by the calls of one request", async () => {
  provider.setDefault([{ fault: { kind: "status", status: 503 } }, { text: "second" }]);
  assert.equal((await call(undefined)).status, 503);
  assert.equal((await call(undefined)).status, 200);
  assert.equal((await call(undefined)).status, 200);
  assert.equal((await call(undefined, { temperature: 1 })).status, 503, "another request begins anew");
  provider.setForModel("scripted-2", { text: "for two" });
  const two = await call(undefined, { model: "scripted-2" });
  assert.match(two.body.toString(), /for two/);
});

test("the log hides credentials and keeps the gateway's ids", async () => {
  const headers = { authorization: "Bearer secret", "x-waybill-request-id": "r1", "x-waybill-attempt-id": "r1.1" };
  await fetch(`${provider.url}/chat/completions`, {
    method: "POST",
    headers,
    body: JSON.stringify({ model: "scripted-1", messages }),
  });
  const entry = provider.log.forRequest("r1")[0];
  assert.equal(entry?.attemptId, "r1.1");
  assert.equal(entry?.headers.authorization, `sha256:${sha256("Bearer secret")}`);
});

test("a wrong script or an unknown model is refused with every problem named", async () => {
  const parsed = parseScripts({ latencyMs: -1, texts: "x", fault: { kind: "cut_after", by: "axe" } });
  assert.equal(parsed.ok ? [] : parsed.problems.length, 3);
  const wrong = await call({ latencyMs: -1 });
  assert.equal(wrong.status, 400);
  assert.match(JSON.parse(wrong.body.toString()).error.message, /latencyMs/);
  assert.equal((await call(undefined, { model: "gpt-4.1" })).status, 404);
});

test("chunks carry their emission time when the script says so", async () => {
  const received = await call({ chunks: 2, stamp: true, gapMs: 5 }, streamed);
  const stamps = events(received.body)
    .filter((data) => data !== "[DONE]")
    .map((data) => BigInt(JSON.parse(data).x_sent_ns));
  assert.ok((stamps[2] ?? 0n) - (stamps[1] ?? 0n) >= 4_000_000n);
});

test("beyond its bound the log keeps sums only, and says so", async () => {
  await using small = await startScriptedProvider({ entriesMax: 1 });
  for (let n = 0; n < 3; n++) await call({ outputTokens: 5 }, {}, small.url);
  assert.equal(small.log.entries().length, 1);
  const { calls, completed, outputTokensReported, entriesDropped } = small.log.summary();
  assert.deepEqual([calls, completed, outputTokensReported, entriesDropped], [3, 3, 15, 2]);
});

test("as a process it is driven and read from outside", async () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", main], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(createInterface(child.stdout), "line");
    const { url } = JSON.parse(line);
    const control = new URL("/_control/", url);
    const put = await fetch(new URL("default", control), { method: "PUT", body: JSON.stringify({ text: "told so" }) });
    assert.equal(put.status, 200);
    assert.match((await call(undefined, {}, url)).body.toString(), /told so/);
    const log = JSON.parse(await (await fetch(new URL("log", control))).text());
    assert.equal(log.entries.length, 1);
    assert.equal(log.entries[0].end, "completed");
    await fetch(new URL("log", control), { method: "DELETE" });
    const summary = JSON.parse(await (await fetch(new URL("summary", control))).text());
    assert.equal(summary.calls, 0);
    assert.doesNotMatch((await call(undefined, {}, url)).body.toString(), /told so/);
  } finally {
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
  }
});
