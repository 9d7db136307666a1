import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { readChatRequest } from "./request.ts";

const good = { model: "sim/economy", messages: [{ role: "user", content: "hi" }] };
const parse = (object: object) => readChatRequest(Buffer.from(JSON.stringify(object)));

describe("readChatRequest()", () => {
  it("reads what routing and holds need and lets everything else be", () => {
    const request = parse({
      ...good,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 10,
      max_completion_tokens: 7,
      n: 2,
      user: "u-1",
      metadata: { plan: "paid" },
      unknown_field: { kept: true },
    });
    assert.equal(request.stream, true);
    assert.equal(request.wantsUsage, true);
    assert.equal(request.maxOutputTokens, 7);
    assert.equal(request.choiceCount, 2);
    assert.equal(request.endUserId, "u-1");
    assert.deepEqual({ ...request.metadata }, { plan: "paid" });
    assert.ok(request.fields.has("unknown_field"));
  });

  it("takes null for an optional field as absent", () => {
    const request = parse({ ...good, stream: null, max_tokens: null, metadata: null, stream_options: null });
    assert.equal(request.stream, false);
    assert.equal(request.maxOutputTokens, 0);
  });

  const refusals: [object, string][] = [
    [{ messages: good.messages }, "model"],
    [{ ...good, model: 7 }, "model"],
    [{ ...good, model: "" }, "model"],
    [{ ...good, model: "x".repeat(257) }, "model"],
    [{ model: "m" }, "messages"],
    [{ ...good, messages: [] }, "messages"],
    [{ ...good, messages: "hi" }, "messages"],
    [{ ...good, messages: [{ role: "user" }, 3] }, "messages[1]"],
    [{ ...good, messages: [{ content: "x" }] }, "messages[0]"],
    [{ ...good, stream: "yes" }, "stream"],
    [{ ...good, stream_options: [] }, "stream_options"],
    [{ ...good, stream_options: { include_usage: 1 } }, "stream_options.include_usage"],
    [{ ...good, max_tokens: 0 }, "max_tokens"],
    [{ ...good, max_tokens: 1.5 }, "max_tokens"],
    [{ ...good, max_tokens: "10" }, "max_tokens"],
    [{ ...good, max_completion_tokens: -1 }, "max_completion_tokens"],
    [{ ...good, n: 0 }, "n"],
    [{ ...good, n: 129 }, "n"],
    [{ ...good, user: 5 }, "user"],
    [{ ...good, metadata: { a: 1 } }, "metadata.a"],
    [{ ...good, metadata: { a: "x".repeat(5000) } }, "metadata"],
    [{ ...good, tools: {} }, "tools"],
    [{ ...good, routing_config: { mode: "fast" } }, "routing_config.mode"],
  ];
  for (const [body, param] of refusals) {
    it(`names ${param} in ${JSON.stringify(body).slice(0, 70)}`, () => {
      assert.throws(
        () => parse(body),
        (error) => error instanceof WaybillError && error.code === "invalid_value" && error.param === param,
      );
    });
  }

  it("takes routing_config out of what the provider gets, and leaves every other byte", () => {
    const text =
      '{ "model":"auto","x":1.50, "routing_config":{"mode":"cost"},"ü" : [1e3],"messages":[{"role":"user"}] }';
    const request = readChatRequest(Buffer.from(text));
    assert.equal(request.routing?.mode, "cost");
    assert.equal(request.body.toString(), text.replace(' "routing_config":{"mode":"cost"},', " "));
    assert.ok(!request.fields.has("routing_config"));
    const { valueStart, valueEnd } = request.fields.get("ü") ?? assert.fail();
    assert.equal(request.body.toString("utf8", valueStart, valueEnd), "[1e3]");
  });

  it("takes out one that is null, or written with escapes", () => {
    for (const pair of ['"routing_config":null', '"routing\\u005fconfig":{"mode":"cost"}']) {
      const request = readChatRequest(Buffer.from(`{"model":"m","messages":[{"role":"user"}],${pair}}`));
      assert.equal(request.body.toString(), '{"model":"m","messages":[{"role":"user"}]}');
    }
  });

  it("passes on the very bytes that came where there is none", () => {
    const body = Buffer.from(JSON.stringify(good));
    assert.equal(readChatRequest(body).body, body);
  });

  it("refuses a token limit that is no finite number", () => {
    assert.throws(
      () => readChatRequest(Buffer.from('{"model":"m","messages":[{"role":"user"}],"max_tokens":1e400}')),
      (error) => error instanceof WaybillError && error.param === "max_tokens",
    );
  });
});
