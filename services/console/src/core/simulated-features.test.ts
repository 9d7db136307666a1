import assert from "node:assert/strict";
import { test } from "node:test";
import { type DescribedRequest, describedFeatures } from "./simulated-features.ts";

const described = (more: Partial<DescribedRequest> = {}): DescribedRequest => ({
  model: "dynamic/support",
  stream: false,
  estimatedInputTokens: 10,
  maxOutputTokens: 0,
  choiceCount: 1,
  hasTools: false,
  hasImages: false,
  hasJsonSchema: false,
  wantsEmbeddings: false,
  metadata: {},
  headers: {},
  body: {},
  sessionId: "",
  routing: undefined,
  ...more,
});

test("a user header is metadata, as at the gateway, and wins over what is said as metadata", () => {
  const { metadata, headers } = describedFeatures(
    described({ metadata: { user_plan: "free", team: "a" }, headers: { "X-User-Plan": "paid" } }),
  );
  assert.deepEqual(metadata, { user_plan: "paid", team: "a" });
  assert.deepEqual(headers, { "x-user-plan": "paid" });
});

test("what may be a credential is no feature", () => {
  const headers = { authorization: "a", cookie: "b", "x-user-token": "c", "x-region": "eu" };
  const features = describedFeatures(described({ headers }));
  assert.deepEqual(features.headers, { "x-region": "eu" });
  assert.deepEqual(features.metadata, {});
});

test("of the body only its plain fields count, never its text", () => {
  const body = {
    temperature: 0.5,
    messages: [{ content: "secret" }],
    input: "secret",
    instructions: "secret",
    nested: {},
    metadata: { a: 1 },
  };
  assert.deepEqual(JSON.parse(describedFeatures(described({ body })).bodyJson), {
    temperature: 0.5,
    metadata: { a: 1 },
  });
});

test("a session and wishes for an auto node are said as a client would say them", () => {
  assert.equal(describedFeatures(described()).routing, undefined);
  const { routing } = describedFeatures(
    described({ sessionId: "s1", routing: { mode: "cost", models: ["a/b"], requireParameters: true } }),
  );
  assert.deepEqual(routing, {
    mode: "cost",
    models: ["a/b"],
    requireParameters: true,
    affinity: "",
    sessionId: "s1",
    sessionSource: "session_id_payload",
  });
});

test("a request for embeddings is asked where a client would ask for them", () => {
  const { wantsEmbeddings, path } = describedFeatures(described({ wantsEmbeddings: true }));
  assert.deepEqual([wantsEmbeddings, path], [true, "/v1/embeddings"]);
  assert.equal(describedFeatures(described()).path, "/v1/chat/completions");
});
