import assert from "node:assert/strict";
import { test } from "node:test";
import { readErrorEvent, readRefusal } from "./error.ts";

function refuse(status: number, body: unknown, headers: Record<string, string> = {}): ReturnType<typeof readRefusal> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const header = (name: string): string => headers[name] ?? "";
  return readRefusal({ status, header, body: Buffer.from(text), nowUnixMs: Date.parse("2026-01-01T00:00:00Z") });
}
const error = (fields: Record<string, unknown>): unknown => ({ error: fields });

test("each status has its code", () => {
  for (const [status, code] of [
    [400, "upstream_rejected"],
    [422, "upstream_rejected"],
    [401, "upstream_auth"],
    [403, "upstream_auth"],
    [402, "upstream_auth"],
    [404, "upstream_error"],
    [408, "upstream_error"],
    [429, "upstream_rate_limited"],
    [500, "upstream_error"],
    [503, "upstream_error"],
    [529, "upstream_error"],
    [302, "upstream_error"],
  ] as const) {
    assert.equal(refuse(status, error({ message: "m" })).code, code, String(status));
  }
});

test("what a provider says of the request is passed on, with the field", () => {
  const said = refuse(400, error({ message: "Invalid 'temperature'", param: "temperature", code: null }));
  assert.deepEqual([said.message, said.param, said.providerStatus], ["Invalid 'temperature'", "temperature", 400]);
});

test("what it says of us is not", () => {
  const secret = "Incorrect API key provided: sk-abc";
  for (const status of [401, 403, 404, 429, 500])
    assert.ok(!refuse(status, error({ message: secret })).message.includes("sk-"));
  assert.equal(refuse(529, "").message, "The provider is overloaded.");
});

test("a context that is too long is recognised by code and by sentence", () => {
  assert.equal(refuse(400, error({ message: "m", code: "context_length_exceeded" })).code, "context_length_exceeded");
  const vllm = { object: "error", message: "This model's maximum context length is 4096 tokens.", code: 400 };
  assert.equal(refuse(400, vllm).code, "context_length_exceeded");
  assert.equal(refuse(400, error({ message: "m", code: "content_filter" })).code, "content_filter");
});

test("Azure's content filter says it inside, too", () => {
  // https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
  const innererror = { code: "ResponsibleAIPolicyViolation", content_filter_result: { hate: { filtered: true } } };
  const message = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.";
  for (const code of ["content_filter", null]) {
    const said = refuse(400, error({ message, type: null, param: "prompt", code, status: 400, innererror }));
    assert.deepEqual([said.code, said.param, said.message], ["content_filter", "prompt", message]);
  }
  const gone = refuse(404, error({ code: "DeploymentNotFound", message: "The API deployment does not exist." }));
  assert.equal(gone.code, "upstream_error");
});

test("long messages are cut, control characters go, nonsense is no message", () => {
  assert.ok(refuse(400, error({ message: "x".repeat(9_999) })).message.length <= 501);
  assert.equal(refuse(400, error({ message: "a\r\nb" })).message, "a b");
  for (const body of ["", "<html>", "7", "null", "[]", '{"error":7}']) {
    assert.equal(refuse(400, body).message, "The provider refused the request as invalid.");
  }
});

test("Retry-After in milliseconds, seconds or as a date, within an hour", () => {
  assert.equal(refuse(429, "", { "retry-after": "7" }).retryAfterMs, 7_000);
  assert.equal(refuse(429, "", { "retry-after": "7", "retry-after-ms": "250" }).retryAfterMs, 250);
  assert.equal(refuse(429, "", { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }).retryAfterMs, 9_000);
  assert.equal(refuse(429, "", { "retry-after": "-5" }).retryAfterMs, 0);
  assert.equal(refuse(429, "", { "retry-after": "soon" }).retryAfterMs, 0);
  assert.equal(refuse(429, "", { "retry-after": "999999999" }).retryAfterMs, 3_600_000);
});

test("an error inside an answer keeps the provider's words to itself", () => {
  const event = (fields: unknown): Uint8Array => Buffer.from(JSON.stringify({ error: fields }));
  const failed = readErrorEvent(event({ message: "internal: 10.0.0.7 refused", type: "server_error" }));
  assert.deepEqual([failed.code, failed.message], ["upstream_error", "The provider failed."]);
  assert.equal(readErrorEvent(event({ code: 429, message: "slow down" })).code, "upstream_rate_limited");
  assert.equal(readErrorEvent(event("bare text")).code, "upstream_error");
});
