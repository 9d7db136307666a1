import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { type AskedRequest, openAiChat } from "@waybill/surfaces";
import { featuresOf, type RequestHeaders } from "./features.ts";

const chat = (fields: object = {}) =>
  openAiChat.readRequest(
    Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "x" }], ...fields })),
  );

const features = (asked: AskedRequest, headers: RequestHeaders, keyMetadata: Readonly<Record<string, string>>) =>
  featuresOf(asked, openAiChat.path, headers, keyMetadata);

describe("featuresOf()", () => {
  it("merges metadata: body, then JSON headers, then mapped headers, then the key", () => {
    const { metadata } = features(
      chat({ metadata: { a: "body", b: "body", user_plan: "body", e: "body" } }),
      { "cf-aig-metadata": '{"b":"cf","c":1}', "x-waybill-metadata": '{"c":true}', "x-user-plan": "paid" },
      { e: "key" },
    );
    assert.deepEqual(metadata, { a: "body", b: "cf", c: "true", user_plan: "paid", e: "key" });
  });

  it("maps every x-user-<kebab> header to user_<snake>, unless it may be a credential", () => {
    const { metadata } = features(
      chat(),
      {
        "x-user-plan": "paid",
        "x-user-home-region": "eu",
        "x-user-token": "t",
        "x-user-": "x",
        "x-user-a_b": "x",
        "x-user-id": "",
      },
      {},
    );
    assert.deepEqual(metadata, { user_plan: "paid", user_home_region: "eu" });
  });

  it("says what was asked of routing, what conditions may know of the body, and the path", () => {
    const said = features(
      chat({ model: "dynamic/support", routing_config: { mode: "cost" }, temperature: 1 }),
      { "x-session-id": "s" },
      {},
    );
    assert.equal(said.routing?.mode, "cost");
    assert.equal(said.routing?.sessionId, "s");
    assert.equal(said.bodyJson, '{"model":"dynamic/support","temperature":1}');
    assert.equal(said.path, "/v1/chat/completions");
    const plain = features(chat(), {}, {});
    assert.deepEqual([plain.routing, plain.bodyJson], [undefined, ""]);
  });

  it("keeps credentials and cookies out of headers.*", () => {
    const { headers } = features(
      chat(),
      {
        authorization: "Bearer wb_x",
        "x-api-key": "k",
        cookie: "c",
        "x-goog-api-key": "kept out?",
        "x-auth-token": "t",
        "cf-aig-authorization": "Bearer t",
        "x-region": "eu",
      },
      {},
    );
    assert.equal(headers["x-region"], "eu");
    for (const name of ["authorization", "x-api-key", "cookie", "x-auth-token", "cf-aig-authorization"])
      assert.ok(!(name in headers), name);
  });

  it("says of a request whether the catalogue's prices cover it", () => {
    const isUnbounded = (fields: object): boolean => features(chat(fields), {}, {}).priceUnbounded;
    assert.equal(
      isUnbounded({ service_tier: "default", tools: [{ type: "function", function: { name: "f" } }] }),
      false,
    );
    const spoken = { type: "input_audio", input_audio: { data: "AA", format: "wav" } };
    for (const fields of [
      { service_tier: "priority" },
      { web_search_options: {} },
      { modalities: ["text", "audio"] },
      { messages: [{ role: "user", content: [spoken] }] },
      { tools: [{ type: "web_search" }] },
    ]) {
      assert.equal(isUnbounded(fields), true, JSON.stringify(fields));
    }
  });

  for (const value of ["no json", "[1]", '{"a":{}}', '"text"']) {
    it(`refuses x-waybill-metadata: ${value}`, () => {
      assert.throws(
        () => features(chat(), { "x-waybill-metadata": value }, {}),
        (error) => error instanceof WaybillError && error.param === "x-waybill-metadata",
      );
    });
  }

  it("bounds all metadata together", () => {
    assert.throws(
      () => features(chat(), { "x-waybill-metadata": JSON.stringify({ a: "x".repeat(5_000) }) }, {}),
      (error) => error instanceof WaybillError && error.code === "invalid_value",
    );
  });
});
