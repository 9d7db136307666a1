import assert from "node:assert/strict";
import { test } from "node:test";
import { surfaceNamed } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { patchCompletion } from "./patch.ts";

function send(fields: Record<string, unknown>, changes: Partial<Waybill> = {}): Record<string, unknown> {
  const body = Buffer.from(JSON.stringify({ model: "x", prompt: "Once", ...fields }));
  const parsed = surfaceNamed("openai-completions")?.readRequest(body) ?? assert.fail();
  const waybill = Waybill.fromPartial({
    target: { provider: "p", model: "m", upstreamModel: "up-1" },
    stream: parsed.stream,
    spans: [...parsed.fields.values()],
    insertAt: parsed.insertAt,
    choiceCount: parsed.choiceCount,
    ...changes,
  });
  return JSON.parse(Buffer.from(patchCompletion(waybill, body)).toString());
}

test("the model is the provider's own; what is unknown stays", () => {
  const sent = send({ suffix: "end", x_new: [1] });
  assert.deepEqual([sent.model, sent.prompt, sent.suffix, sent.x_new], ["up-1", "Once", "end", [1]]);
});

test("a stream is always asked for usage, an answer at once never", () => {
  assert.deepEqual(send({ stream: true }).stream_options, { include_usage: true });
  assert.ok(!("stream_options" in send({})));
});

test("the API's own limit is said where the client says none; what it says stays, unless the hold covers less", () => {
  assert.equal(send({}).max_tokens, 16);
  assert.equal(send({ max_tokens: null }).max_tokens, 16);
  assert.equal(send({ max_tokens: 200 }).max_tokens, 200);
  assert.equal(send({ max_tokens: 200 }, { maxOutputTokens: 60n }).max_tokens, 60);
});

test("a hold for all choices of all prompts is a limit for each", () => {
  const fields = { prompt: ["a", "b"], n: 1, best_of: 3, max_tokens: 100 };
  assert.equal(send(fields, { maxOutputTokens: 600n }).max_tokens, 100);
  assert.equal(send(fields, { maxOutputTokens: 60n }).max_tokens, 10);
});
