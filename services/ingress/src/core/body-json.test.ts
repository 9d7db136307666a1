import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openAiChat } from "@waybill/surfaces";
import { bodyJson } from "./body-json.ts";

const of = (fields: object) =>
  bodyJson(
    openAiChat.readRequest(
      Buffer.from(
        JSON.stringify({ model: "dynamic/support", messages: [{ role: "user", content: "secret" }], ...fields }),
      ),
    ),
  );

describe("bodyJson()", () => {
  it("has texts, numbers, booleans and metadata in the order of the body, and nothing that the model reads", () => {
    const fields = {
      temperature: 0.2,
      stream: true,
      user: "ü",
      system: "secret",
      prompt: "secret",
      suffix: "secret",
      input: "secret",
      instructions: "secret",
      tools: [],
      stop: ["secret"],
      response_format: { type: "json_schema" },
      seed: null,
      metadata: { plan: "paid" },
      routing_config: { mode: "cost" },
      top_p: 1,
    };
    const expected =
      '{"model":"dynamic/support","temperature":0.2,"stream":true,"user":"ü","metadata":{"plan":"paid"},"top_p":1}';
    assert.equal(of(fields), expected);
  });

  it("is there for a route and for auto, and costs nothing for any other model", () => {
    assert.equal(of({ model: "auto" }), '{"model":"auto"}');
    for (const model of ["openai/gpt-5", "mini", "automatic", "xdynamic/a"]) assert.equal(of({ model }), "");
  });

  it("stays within 4 KiB of UTF-8: what does not fit is left out, what comes after it may fit", () => {
    const texts = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`t${index}`, "ü".repeat(500)]));
    const text = of({ ...texts, last: 1 });
    assert.ok(Buffer.byteLength(text) <= 4_096 && Buffer.byteLength(text) > 3_000);
    const known = JSON.parse(text);
    assert.equal(known.last, 1);
    assert.ok("t0" in known && !("t9" in known));
  });

  it("leaves out a long text and a number that JSON cannot say", () => {
    assert.equal(of({ essay: "x".repeat(1_025) }), '{"model":"dynamic/support"}');
    const body = Buffer.from('{"model":"auto","messages":[{"role":"user"}],"top_k":1e400}');
    assert.equal(bodyJson(openAiChat.readRequest(body)), '{"model":"auto"}');
  });
});
