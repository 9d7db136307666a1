import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openAiChat } from "@waybill/surfaces";
import { AttemptOutcome, BudgetUnit, DecideRequest, Decision } from "@waybill/wire";
import { INLINE_BODY_BYTES_MAX, makeWaybill, voidRecord } from "./make-waybill.ts";

const target = { provider: "sim", model: "economy", upstreamModel: "economy", simulated: true };
const bodyOf = (content: string) =>
  Buffer.from(JSON.stringify({ model: "x", messages: [{ role: "user", content }], max_tokens: 5 }));
const request = DecideRequest.create({ requestId: "r", ingressId: "i" });
const decision = Decision.create({ attempt: 3, target, holds: [], holder: "h" });

describe("makeWaybill()", () => {
  it("carries a small body and only the size of a large one", () => {
    const small = bodyOf("hi");
    const inline = makeWaybill(request, openAiChat.readRequest(small), decision);
    assert.equal(inline.body.length, small.length);
    const large = bodyOf("x".repeat(INLINE_BODY_BYTES_MAX));
    const referred = makeWaybill(request, openAiChat.readRequest(large), decision);
    assert.equal(referred.body.length, 0);
    assert.equal(referred.bodyBytes, large.length);
  });

  it("names the attempt and the spans a provider patches", () => {
    const body = bodyOf("hi");
    const waybill = makeWaybill(request, openAiChat.readRequest(body), decision);
    assert.equal(waybill.attemptId, "r.3");
    const model = waybill.spans.find(({ name }) => name === "model");
    assert.equal(body.toString("utf8", model?.valueStart, model?.valueEnd), '"x"');
    assert.ok(!waybill.spans.some(({ name }) => name === "messages"));
  });

  it("carries neither routing_config nor the place where it stood", () => {
    const body = Buffer.from('{"routing_config":{"mode":"cost"},"model":"x","messages":[{"role":"user"}],"n":1}');
    const waybill = makeWaybill(request, openAiChat.readRequest(body), decision);
    const left = '{"model":"x","messages":[{"role":"user"}],"n":1}';
    assert.equal(Buffer.from(waybill.body).toString(), left);
    assert.equal(waybill.bodyBytes, left.length);
    assert.equal(left[waybill.insertAt - 1], "{");
    const n = waybill.spans.find(({ name }) => name === "n");
    assert.equal(left.slice(n?.valueStart, n?.valueEnd), "1");
  });

  it("says where the price or the size of the input is not bounded by what the body shows", () => {
    const asked = openAiChat.readRequest(bodyOf("hi"));
    const flagsOf = (features: object): [boolean, boolean] => {
      const { priceUnbounded, inputUnbounded } = makeWaybill(DecideRequest.fromPartial({ features }), asked, decision);
      return [priceUnbounded, inputUnbounded];
    };
    assert.deepEqual(flagsOf({}), [false, false]);
    assert.deepEqual(flagsOf({ hasUnseenInput: true }), [false, true]);
    assert.deepEqual(flagsOf({ hasImages: true }), [false, true]);
    assert.deepEqual(flagsOf({ priceUnbounded: true }), [true, true]);
  });

  it("limits all choices together where the decision limits each", () => {
    const limited = { ...decision, maxOutputTokens: 40n };
    const limitOf = (fields: object): bigint => {
      const body = Buffer.from(JSON.stringify({ model: "x", messages: [{ role: "user", content: "hi" }], ...fields }));
      return makeWaybill(request, openAiChat.readRequest(body), limited).maxOutputTokens;
    };
    assert.equal(limitOf({}), 40n);
    assert.equal(limitOf({ n: 3 }), 120n);
  });

  it("limits by the key's default where neither the request nor a budget made a limit", () => {
    const limitOf = (fields: object, decided: bigint): bigint => {
      const body = Buffer.from(JSON.stringify({ model: "x", messages: [{ role: "user", content: "hi" }], ...fields }));
      return makeWaybill(request, openAiChat.readRequest(body, 7), { ...decision, maxOutputTokens: decided })
        .maxOutputTokens;
    };
    assert.equal(limitOf({}, 0n), 7n);
    assert.equal(limitOf({ n: 3 }, 0n), 21n);
    assert.equal(limitOf({}, 5n), 5n, "a budget's limit is never more");
    // The client's own stands in its body.
    assert.equal(limitOf({ max_tokens: 9 }, 0n), 0n);
  });

  it("says what requests of a session have in common: the session named, else the key that OpenAI caches prompts by", () => {
    const body = (fields: object) =>
      openAiChat.readRequest(
        Buffer.from(JSON.stringify({ model: "x", messages: [{ role: "user", content: "hi" }], ...fields })),
      );
    const named = DecideRequest.fromPartial({ attribution: { organisationId: "acme" } });
    const session = { ...named, features: { routing: { sessionId: "s1" } } };
    assert.equal(makeWaybill(named, body({}), decision).sessionKey, "");
    assert.equal(makeWaybill(named, body({ prompt_cache_key: "k" }), decision).sessionKey, "acme/k");
    assert.equal(makeWaybill(named, body({ prompt_cache_key: 7 }), decision).sessionKey, "");
    const both = makeWaybill(DecideRequest.fromPartial(session), body({ prompt_cache_key: "k" }), decision);
    assert.equal(both.sessionKey, "acme/s1");
  });

  it("says which accounts have failed the request", () => {
    const asked = openAiChat.readRequest(bodyOf("hi"));
    assert.deepEqual(makeWaybill(request, asked, decision).failedAccounts, []);
    assert.deepEqual(makeWaybill(request, asked, decision, {}, ["east"]).failedAccounts, ["east"]);
  });

  it("refuses a decision without a target loudly", () => {
    const body = bodyOf("hi");
    assert.throws(() => makeWaybill(request, openAiChat.readRequest(body), Decision.create({ attempt: 1 })));
  });
});

describe("voidRecord()", () => {
  it("costs nothing for certain and repeats the holds, so that they are released", () => {
    const body = bodyOf("hi");
    const hold = {
      budgetId: "b",
      windowId: 1n,
      grantId: "g",
      amountPicoUsd: 5n,
      hard: true,
      unit: BudgetUnit.UNSPECIFIED,
    };
    const waybill = makeWaybill(request, openAiChat.readRequest(body), { ...decision, holds: [hold] });
    const record = voidRecord(waybill, "not_sent", 1);
    assert.equal(record.recordId, "r.3:void");
    assert.equal(record.outcome, AttemptOutcome.FAILED_FREE);
    assert.equal(record.costPicoUsd, 0n);
    assert.equal(record.costKnown, true);
    assert.deepEqual(record.holds, [hold]);
  });
});
