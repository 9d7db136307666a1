// Names and statuses as the API reference of Converse and AWS's common errors have them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readException, readRefusal } from "./error.ts";

function refuse(status: number, name: string, message = "m", headers: Record<string, string> = {}) {
  const given: Record<string, string> = { "x-amzn-errortype": name, ...headers };
  const body = Buffer.from(JSON.stringify({ message }));
  return readRefusal({ status, header: (each) => given[each] ?? "", body, nowUnixMs: 0 });
}

test("each exception has its code, whatever its status says", () => {
  for (const [status, name, code] of [
    [403, "AccessDeniedException", "upstream_auth"],
    [403, "UnrecognizedClientException", "upstream_auth"],
    [403, "InvalidSignatureException", "upstream_auth"],
    [400, "ExpiredTokenException", "upstream_auth"],
    [429, "ThrottlingException", "upstream_rate_limited"],
    [400, "ServiceQuotaExceededException", "upstream_rate_limited"],
    [408, "ModelTimeoutException", "upstream_timeout"],
    [424, "ModelErrorException", "upstream_error"],
    [429, "ModelNotReadyException", "upstream_error"],
    [404, "ResourceNotFoundException", "upstream_error"],
    [500, "InternalServerException", "upstream_error"],
    [503, "ServiceUnavailableException", "upstream_error"],
    [400, "ValidationException", "upstream_rejected"],
    [429, "", "upstream_rate_limited"],
    [502, "", "upstream_error"],
  ] as const) {
    assert.equal(refuse(status, name).code, code, name);
  }
});

test("the name is found with what is around it, in the header or in the body", () => {
  assert.equal(refuse(400, "ThrottlingException:http://internal.amazon.com/coral/").code, "upstream_rate_limited");
  const body = Buffer.from('{"__type":"com.amazon.coral.service#ThrottlingException","Message":"slow"}');
  const said = readRefusal({ status: 400, header: () => "", body, nowUnixMs: 0 });
  assert.equal(said.code, "upstream_rate_limited");
});

test("a validation says whose fault it is", () => {
  for (const [message, code] of [
    ["Input is too long for requested model.", "context_length_exceeded"],
    ["input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", "context_length_exceeded"],
    ["The model returned the following errors: prompt is too long: 210000 tokens", "context_length_exceeded"],
    ["Output blocked by content filtering policy", "content_filter"],
    ["The provided model identifier is invalid.", "upstream_error"],
    ["Invocation of model ID x with on-demand throughput isn’t supported.", "upstream_error"],
    ["temperature must be at most 1", "upstream_rejected"],
  ] as const) {
    assert.equal(refuse(400, "ValidationException", message).code, code, message);
  }
  assert.equal(
    refuse(400, "ValidationException", "temperature must be at most 1").message,
    "temperature must be at most 1",
  );
});

test("what it says of keys and quotas is not passed on; how long to wait is", () => {
  assert.doesNotMatch(refuse(403, "AccessDeniedException", "arn:aws:iam::123 is not authorized").message, /123/);
  assert.equal(refuse(429, "ThrottlingException", "m", { "retry-after": "3" }).retryAfterMs, 3_000);
});

test("an exception inside a stream", () => {
  const payload = Buffer.from('{"message":"Input is too long for requested model."}');
  assert.equal(readException("validationException", payload).code, "context_length_exceeded");
  assert.equal(readException("throttlingException", payload).code, "upstream_rate_limited");
  assert.equal(readException("modelStreamErrorException", payload).message, "The provider failed.");
  assert.equal(readException("", Buffer.from("no JSON")).code, "upstream_error");
});
