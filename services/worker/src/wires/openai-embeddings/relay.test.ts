import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { surfaceNamed } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { patchEmbeddings } from "./patch.ts";
import { NoStream, readEmbeddings } from "./relay.ts";
import { abortedCall, readEmbeddingsUsage } from "./usage.ts";

const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const data = [{ object: "embedding", index: 0, embedding: [0.1] }];

test("only the model is changed on the way there", () => {
  const body = bytesOf('{ "input":[1,2], "model":"x", "dimensions":8 }');
  const asked = surfaceNamed("openai-embeddings")?.readRequest(body) ?? assert.fail();
  const waybill = Waybill.fromPartial({
    ...{ target: { upstreamModel: "up-1" }, spans: [...asked.fields.values()], insertAt: asked.insertAt },
  });
  const sent = Buffer.from(patchEmbeddings(waybill, body)).toString();
  assert.equal(sent, '{ "input":[1,2], "model":"up-1", "dimensions":8 }');
});

test("the bytes of an answer pass, and its input is read", () => {
  const body = bytesOf({ data, usage: { prompt_tokens: 7, total_tokens: 7 } });
  const read = readEmbeddings(body);
  assert.ok(!("failure" in read));
  assert.equal(read.bytes, body);
  assert.deepEqual([read.usage?.input, read.usage?.output, read.evidencedTokens], [7n, 0n, 0]);
});

test("usage that cannot be read is unknown, not zero", () => {
  assert.equal(readEmbeddingsUsage(undefined), undefined);
  assert.equal(readEmbeddingsUsage({ prompt_tokens: "7" }), undefined);
  assert.equal(readEmbeddingsUsage({ total_tokens: 7 })?.input, 7n);
});

test("an error in a success is a failure, and what is no answer is malformed", () => {
  const failed = readEmbeddings(bytesOf({ error: { message: "no", code: "429" } }));
  assert.ok("failure" in failed && failed.failure.code === "upstream_rate_limited");
  for (const body of ["", "[]", "{}", '{"data":{}}']) {
    assert.throws(
      () => readEmbeddings(bytesOf(body)),
      (error) => error instanceof WaybillError && error.code === "upstream_malformed",
    );
  }
});

test("there is no stream of embeddings, and no rule for a call that was cut", () => {
  assert.equal(new NoStream().push().failure?.code, "upstream_malformed");
  const evidenced = { input: 1n, cachedInput: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 0n, reasoningOutput: 0n };
  assert.equal(abortedCall({ stream: false, evidenced }), undefined);
});
