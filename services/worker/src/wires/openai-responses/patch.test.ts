import assert from "node:assert/strict";
import { test } from "node:test";
import { openAiResponses } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { patchResponses } from "./patch.ts";

function patched(text: string, maxOutputTokens = 0n): string {
  const body = Buffer.from(text);
  const { fields, insertAt } = openAiResponses.readRequest(body);
  const target = { provider: "p", model: "m", upstreamModel: "gpt-up", simulated: false };
  const waybill = Waybill.fromPartial({ target, maxOutputTokens, spans: [...fields.values()], insertAt });
  return Buffer.from(patchResponses(waybill, body)).toString();
}

test("model and limit change, and every other byte stays", () => {
  const body = '{"model": "a/b", "input":[{"role":"user","content":"hi"}],  "x_new": {"kept": 1.50}, "store":false}';
  assert.equal(patched(body), body.replace('"a/b"', '"gpt-up"'));
  assert.equal(patched(body, 20n), `{"max_output_tokens":20,${body.slice(1).replace('"a/b"', '"gpt-up"')}`);
  const limited = '{"model":"a/b","max_output_tokens": 90,"input":"hi"}';
  assert.equal(patched(limited, 20n), '{"model":"gpt-up","max_output_tokens": 20,"input":"hi"}');
});

test("thoughts that another provider sealed are taken out, OpenAI's own stay", () => {
  const own = '{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAA"}';
  const foreign = '{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"waybill:signature:abc"}';
  const said = '{"role":"user","content":"hi"}';
  const body = (...items: string[]): string => `{"model":"a/b","input":[${items.join(",")}]}`;
  assert.equal(patched(body(own, foreign, said)), body(own, said).replace("a/b", "gpt-up"));
  // A text that only looks like it changes nothing.
  const quoted = body('{"role": "user","content":"waybill:sealed:"}');
  assert.equal(patched(quoted), quoted.replace("a/b", "gpt-up"));
});
