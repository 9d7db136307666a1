// Bodies as google.rpc.Status has them in JSON; words of messages as https://ai.google.dev/gemini-api/docs/troubleshooting has them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readBlock, readErrorEvent, readRefusal } from "./error.ts";

function refuse(
  code: number,
  status: string,
  message = "m",
  details: object[] = [],
  headers: Record<string, string> = {},
) {
  const body = Buffer.from(JSON.stringify({ error: { code, message, status, details } }));
  return readRefusal({ status: code, header: (name) => headers[name] ?? "", body, nowUnixMs: 0 });
}

test("each status has its code", () => {
  for (const [code, status, expected] of [
    [400, "INVALID_ARGUMENT", "upstream_rejected"],
    [400, "FAILED_PRECONDITION", "upstream_rejected"],
    [401, "UNAUTHENTICATED", "upstream_auth"],
    [403, "PERMISSION_DENIED", "upstream_auth"],
    [404, "NOT_FOUND", "upstream_error"],
    [429, "RESOURCE_EXHAUSTED", "upstream_rate_limited"],
    [500, "INTERNAL", "upstream_error"],
    [503, "UNAVAILABLE", "upstream_error"],
    [504, "DEADLINE_EXCEEDED", "upstream_timeout"],
  ] as const) {
    assert.equal(refuse(code, status).code, expected, status);
  }
});

test("how long to wait stands in the details, else in the header", () => {
  const info = (retryDelay: string) => [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }];
  assert.equal(refuse(429, "RESOURCE_EXHAUSTED", "m", info("12.5s")).retryAfterMs, 12_500);
  assert.equal(refuse(429, "RESOURCE_EXHAUSTED", "m", info("99999999s")).retryAfterMs, 3_600_000);
  assert.equal(refuse(429, "RESOURCE_EXHAUSTED", "m", info("soon"), { "retry-after": "3" }).retryAfterMs, 3_000);
});

test("what is said of the request is passed on, with the field; of keys and quotas nothing is", () => {
  const violations = [
    { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field: "contents[0]" }] },
  ];
  const said = refuse(400, "INVALID_ARGUMENT", "Unable to submit", violations);
  assert.deepEqual([said.message, said.param, said.providerStatus], ["Unable to submit", "contents[0]", 400]);
  const info = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }];
  const key = refuse(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info);
  assert.deepEqual([key.code, key.message], ["upstream_auth", "The provider refused the gateway's credentials."]);
  assert.doesNotMatch(refuse(429, "RESOURCE_EXHAUSTED", "project 1234 quota").message, /1234/);
});

test("an input that is too long is recognised", () => {
  const message = "The input token count (1048580) exceeds the maximum number of tokens allowed (1048576).";
  assert.equal(refuse(400, "INVALID_ARGUMENT", message).code, "context_length_exceeded");
});

test("nonsense is an error by its status", () => {
  for (const body of ["", "<html>", "[]", "null", '{"error":7}', '[{"error":{"status":"UNAVAILABLE"}}]']) {
    const said = readRefusal({ status: 503, header: () => "", body: Buffer.from(body), nowUnixMs: 0 });
    assert.equal(said.code, "upstream_error", body);
  }
});

test("inside an answer, and a refused prompt", () => {
  const failed = readErrorEvent({ code: 503, message: "overloaded at 10.0.0.7", status: "UNAVAILABLE" });
  assert.deepEqual([failed.code, failed.message], ["upstream_error", "The provider failed."]);
  assert.equal(readErrorEvent({ code: 429, status: "RESOURCE_EXHAUSTED" }).code, "upstream_rate_limited");
  assert.deepEqual(readBlock("PROHIBITED_CONTENT"), {
    ...{ kind: "failure", code: "content_filter", retryAfterMs: 0 },
    message: "The provider's content filter refused the request (PROHIBITED_CONTENT).",
  });
});
