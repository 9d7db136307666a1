import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import type { RoutingAsked } from "@waybill/surfaces";
import type { RequestHeaders } from "./features.ts";
import { routingOf } from "./routing.ts";

const NOTHING: RoutingAsked = {
  mode: undefined,
  models: [],
  requireParameters: undefined,
  strategy: undefined,
  sessionId: undefined,
};
const refusalOf = (headers: RequestHeaders, body?: RoutingAsked): WaybillError => {
  try {
    routingOf(body, headers);
  } catch (error) {
    assert(error instanceof WaybillError);
    assert.equal(error.code, "invalid_value");
    return error;
  }
  return assert.fail("accepted");
};

describe("routingOf()", () => {
  it("is nothing where nobody asked", () => {
    assert.equal(routingOf(undefined, { "user-agent": "x", "x-waybill-mode": "" }), undefined);
    assert.equal(routingOf(NOTHING, {}), undefined);
  });

  it("reads our headers", () => {
    const headers = {
      "x-waybill-mode": "quality",
      "x-waybill-models": "openai/gpt-5 , mini",
      "x-waybill-session-affinity": "sticky",
      "x-waybill-session-id": "s-1",
    };
    assert.deepEqual(routingOf(undefined, headers), {
      mode: "quality",
      models: ["openai/gpt-5", "mini"],
      requireParameters: false,
      affinity: "sticky",
      sessionId: "s-1",
      sessionSource: "session_id_header",
    });
  });

  it("lets the body win, field by field", () => {
    const body: RoutingAsked = { ...NOTHING, mode: "cost", sessionId: "of-body", requireParameters: true };
    const headers = { "x-waybill-mode": "quality", "x-waybill-models": "mini", "x-session-id": "of-header" };
    assert.deepEqual(routingOf(body, headers), {
      mode: "cost",
      models: ["mini"],
      requireParameters: true,
      affinity: "",
      sessionId: "of-body",
      sessionSource: "session_id_payload",
    });
  });

  it("finds the session in a header where the body has none that is valid", () => {
    for (const header of ["x-waybill-session-id", "x-ms-session-id", "cf-aig-session-id", "x-session-id"]) {
      const routing = routingOf(NOTHING, { [header]: "s-2" });
      assert.deepEqual([routing?.sessionId, routing?.sessionSource], ["s-2", "session_id_header"], header);
    }
    assert.equal(routingOf(undefined, { "x-session-id": "b", "x-waybill-session-id": "a" })?.sessionId, "a");
  });

  it("understands Cloudflare's headers: names of models without patterns, and no affinity", () => {
    const cloudflare = { "cf-aig-allowed-models": "openai/*,openai/gpt-5", "cf-aig-no-session-affinity": "true" };
    const routing = routingOf(undefined, cloudflare);
    assert.deepEqual(routing?.models, ["openai/gpt-5"]);
    assert.equal(routing?.affinity, "none");
    assert.equal(
      routingOf(undefined, { "cf-aig-allowed-models": "*", "cf-aig-no-session-affinity": "false" }),
      undefined,
    );
    const both = { ...cloudflare, "x-waybill-models": "mini", "x-waybill-session-affinity": "sticky" };
    assert.deepEqual(routingOf(undefined, both)?.models, ["mini"]);
    assert.equal(routingOf(undefined, both)?.affinity, "sticky");
  });

  for (const [header, value] of [
    ["x-waybill-mode", "fast"],
    ["x-waybill-models", "openai/*"],
    ["x-waybill-models", "a,,b"],
    ["x-waybill-models", Array.from({ length: 65 }, () => "m").join(",")],
    ["x-waybill-session-affinity", "glue"],
    ["x-waybill-session-id", "x".repeat(257)],
    ["x-ms-session-id", "\u00a0"],
  ] as const) {
    it(`refuses ${header}: ${value.slice(0, 20)}, also where the body says better`, () => {
      assert.equal(refusalOf({ [header]: value }).param, header);
      assert.equal(refusalOf({ [header]: value }, { ...NOTHING, mode: "cost", sessionId: "s" }).param, header);
    });
  }

  it("says every header that is wrong at once", () => {
    const { publicMessage } = refusalOf({ "x-waybill-mode": "fast", "x-waybill-models": "*" });
    assert.ok(publicMessage.includes("x-waybill-mode") && publicMessage.includes("x-waybill-models"));
  });
});
