import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { isSessionId, ROUTING_MODELS_MAX, readRoutingConfig } from "./routing-config.ts";

const read = (given: unknown) => readRoutingConfig(given);
const refusalOf = (given: unknown): WaybillError => {
  try {
    read(given);
  } catch (error) {
    assert(error instanceof WaybillError);
    assert.equal(error.code, "invalid_value");
    return error;
  }
  return assert.fail("accepted");
};

describe("readRoutingConfig()", () => {
  it("reads all of it", () => {
    const config = {
      mode: "cost",
      models: ["openai/gpt-5-nano", "mini"],
      require_parameters: true,
      session_affinity: { strategy: "sticky", session_id: "abc" },
    };
    assert.deepEqual(read(config), {
      mode: "cost",
      models: ["openai/gpt-5-nano", "mini"],
      requireParameters: true,
      strategy: "sticky",
      sessionId: "abc",
    });
  });

  it("takes the older name of the strategy, and null as absent at every place", () => {
    assert.equal(read({ session_affinity: { mode: "adaptive" } })?.strategy, "adaptive");
    assert.equal(read({ session_affinity: { mode: "none", strategy: "none" } })?.strategy, "none");
    assert.equal(read(null), undefined);
    const nothing = { mode: null, models: null, require_parameters: null, session_affinity: null };
    const empty = {
      mode: undefined,
      models: [],
      requireParameters: undefined,
      strategy: undefined,
      sessionId: undefined,
    };
    assert.deepEqual(read(nothing), empty);
    assert.deepEqual(read({}), empty);
  });

  for (const [given, param] of [
    ["cost", "routing_config"],
    [["cost"], "routing_config"],
    [{ mode: "fast" }, "routing_config.mode"],
    [{ mode: 1 }, "routing_config.mode"],
    [{ modus: "cost" }, "routing_config.modus"],
    [{ models: "mini" }, "routing_config.models"],
    [{ models: Array.from({ length: ROUTING_MODELS_MAX + 1 }, () => "m") }, "routing_config.models"],
    [{ models: ["mini", 7] }, "routing_config.models[1]"],
    [{ models: [""] }, "routing_config.models[0]"],
    [{ models: ["openai/*"] }, "routing_config.models[0]"],
    [{ require_parameters: "yes" }, "routing_config.require_parameters"],
    [{ session_affinity: "sticky" }, "routing_config.session_affinity"],
    [{ session_affinity: { strategy: "glue" } }, "routing_config.session_affinity.strategy"],
    [{ session_affinity: { mode: "glue" } }, "routing_config.session_affinity.mode"],
    [{ session_affinity: { mode: "none", strategy: "sticky" } }, "routing_config.session_affinity.mode"],
    [{ session_affinity: { ttl: 5 } }, "routing_config.session_affinity.ttl"],
  ] as const) {
    it(`names ${param} in ${JSON.stringify(given).slice(0, 70)}`, () => {
      assert.equal(refusalOf(given).param, param);
    });
  }

  it("says everything that is wrong at once", () => {
    const { publicMessage } = refusalOf({
      mode: "fast",
      models: [7],
      speed: 1,
      session_affinity: { strategy: "glue" },
    });
    for (const field of ["speed", "mode", "models[0]", "session_affinity.strategy"]) {
      assert.ok(publicMessage.includes(`routing_config.${field} must be`), field);
    }
  });

  it("lets a session id that is none be: a header may say a better one", () => {
    for (const id of ["", " \t", "x".repeat(257), 7, null, {}]) {
      assert.equal(read({ session_affinity: { session_id: id } })?.sessionId, undefined);
    }
  });
});

describe("isSessionId()", () => {
  it("counts code points, not UTF-16 units", () => {
    assert.ok(isSessionId("😀".repeat(256)));
    assert.ok(!isSessionId("😀".repeat(257)));
    assert.ok(isSessionId(` ${"x".repeat(255)}`));
    assert.ok(!isSessionId("x".repeat(257)));
  });
});
