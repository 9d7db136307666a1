import assert from "node:assert/strict";
import { test } from "node:test";
import { openAiChat } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { patchChat } from "./patch.ts";

function send(fields: Record<string, unknown>, changes: Partial<Waybill> = {}): Record<string, unknown> {
  const body = Buffer.from(
    JSON.stringify({ model: "dynamic/x", messages: [{ role: "user", content: "hi" }], ...fields }),
  );
  const parsed = openAiChat.readRequest(body);
  const waybill = Waybill.fromPartial({
    target: { provider: "p", model: "m", upstreamModel: "up-1" },
    stream: parsed.stream,
    spans: [...parsed.fields.values()],
    insertAt: parsed.insertAt,
    choiceCount: parsed.choiceCount,
    ...changes,
  });
  return JSON.parse(Buffer.from(patchChat(waybill, body)).toString());
}

test("the model is the provider's own; what is unknown stays", () => {
  const sent = send({ metadata: { plan: "paid" }, x_new: [1] });
  assert.deepEqual([sent.model, sent.metadata, sent.x_new], ["up-1", { plan: "paid" }, [1]]);
  assert.ok(!("stream_options" in sent) && !("max_tokens" in sent));
});

test("a stream is always asked for usage; the client's other options survive", () => {
  assert.deepEqual(send({ stream: true }).stream_options, { include_usage: true });
  const given = { include_usage: false, include_obfuscation: false };
  assert.deepEqual(send({ stream: true, stream_options: given }).stream_options, { ...given, include_usage: true });
  assert.deepEqual(send({ stream: true, stream_options: null }).stream_options, { include_usage: true });
});

test("the limit goes into the field the client used, else into the one the model takes", () => {
  const limit = { maxOutputTokens: 60n };
  assert.equal(send({ max_tokens: 500 }, limit).max_tokens, 60);
  const newer = send({ max_completion_tokens: 500 }, limit);
  assert.deepEqual([newer.max_completion_tokens, "max_tokens" in newer], [60, false]);
  assert.equal(send({}, limit).max_tokens, 60);
  for (const upstreamModel of ["o3-mini", "gpt-5.1"]) {
    const target = { provider: "p", model: "m", upstreamModel, simulated: false };
    const sent = send({}, { ...limit, target });
    assert.deepEqual([sent.max_completion_tokens, "max_tokens" in sent], [60, false]);
  }
});

test("the limit is for all choices, the body's field for each", () => {
  assert.equal(send({ n: 4 }, { maxOutputTokens: 62n }).max_tokens, 15);
  assert.equal(send({ n: 4 }, { maxOutputTokens: 3n }).max_tokens, 1);
});
