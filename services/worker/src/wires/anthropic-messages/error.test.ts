import assert from "node:assert/strict";
import { test } from "node:test";
import { readRefusal } from "./error.ts";

const refuse = (status: number, type: string, message: string, headers: Record<string, string> = {}) =>
  readRefusal({
    status,
    header: (name) => headers[name] ?? "",
    body: Buffer.from(JSON.stringify({ type: "error", error: { type, message } })),
    nowUnixMs: 0,
  });

test("each status has its code", () => {
  for (const [status, code] of [
    [400, "upstream_rejected"],
    [413, "upstream_rejected"],
    [401, "upstream_auth"],
    [402, "upstream_auth"],
    [403, "upstream_auth"],
    [404, "upstream_error"],
    [429, "upstream_rate_limited"],
    [500, "upstream_error"],
    [529, "upstream_error"],
  ] as const) {
    assert.equal(refuse(status, "x", "m").code, code, String(status));
  }
});

test("what it says of the request is passed on, what it says of us is not", () => {
  assert.equal(refuse(400, "invalid_request_error", "temperature: too large").message, "temperature: too large");
  assert.ok(!refuse(401, "authentication_error", "invalid x-api-key sk-ant-1").message.includes("sk-ant"));
  assert.equal(refuse(529, "overloaded_error", "Overloaded").message, "The provider is overloaded.");
});

test("a prompt that is too long leads to a larger window, an account without credit is not the client's fault", () => {
  const long = refuse(400, "invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum");
  assert.equal(long.code, "context_length_exceeded");
  assert.equal(refuse(400, "invalid_request_error", "Your credit balance is too low").code, "upstream_auth");
});

test("what its filter blocks is no fault of the provider's", () => {
  const blocked = refuse(400, "invalid_request_error", "Output blocked by content filtering policy");
  assert.deepEqual([blocked.code, blocked.message], ["content_filter", "Output blocked by content filtering policy"]);
});

test("how long to wait is read from the headers", () => {
  assert.equal(refuse(429, "rate_limit_error", "m", { "retry-after": "7" }).retryAfterMs, 7_000);
});
