import assert from "node:assert/strict";
import { test } from "node:test";
import { openAiChat } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { openAi } from "../providers/openai/index.ts";
import { leaveOut } from "./leave-out.ts";

function send(text: string, refused: string[]) {
  const read = openAiChat.readRequest(Buffer.from(text));
  const spans = [...read.fields.values()];
  const waybill = Waybill.fromPartial({
    ...{ surface: "openai-chat", spans, insertAt: read.insertAt, choiceCount: 1, maxOutputTokens: 9n },
    target: { provider: "p", model: "m", upstreamModel: "o-mini" },
  });
  const left = leaveOut(waybill, read.body, refused);
  const exchange = openAi.exchange("openai-chat") ?? assert.fail();
  return { left, sent: JSON.parse(Buffer.from(exchange.request(left.waybill, left.body).body).toString()) };
}

const messages = [{ role: "user", content: "temperature" }];

test("what a model refuses is gone, and the rest is patched where it stands now", () => {
  const body = { temperature: 0.5, model: "a/b", top_p: 1, messages, max_completion_tokens: 50 };
  const { left, sent } = send(JSON.stringify(body), ["temperature", "top_p", "logprobs"]);
  assert.deepEqual(left.dropped, ["temperature", "top_p"]);
  assert.deepEqual(sent, { model: "o-mini", messages, max_completion_tokens: 9 });
});

test("a body that has none of it is not touched", () => {
  const { left } = send(JSON.stringify({ model: "a/b", messages }), ["temperature"]);
  assert.deepEqual(left.dropped, []);
  assert.equal(left.body.length, JSON.stringify({ model: "a/b", messages }).length);
});
