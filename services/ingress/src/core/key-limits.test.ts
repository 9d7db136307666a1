import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { checkRoute, checkSurface, mayName } from "./key-limits.ts";

const refusal = (check: () => void): string => {
  try {
    check();
    return "";
  } catch (error) {
    return error instanceof WaybillError ? `${error.code}: ${error.publicMessage}` : String(error);
  }
};

describe("a key's limits", () => {
  it("without a list every surface and route may be used", () => {
    const limits = { allowedRoutes: [], allowedModels: [] };
    for (const model of ["auto", "dynamic/a", "dynamic/a@2", "p/m"]) {
      assert.equal(
        refusal(() => checkRoute(limits, model)),
        "",
      );
      assert.ok(mayName(limits, model));
    }
    assert.equal(
      refusal(() => checkSurface({ allowedSurfaces: [] }, "openai-chat")),
      "",
    );
  });

  it("with a list of routes these may be used, in any version, and nothing else", () => {
    const limits = { allowedRoutes: ["a", "b@c"], allowedModels: [] };
    for (const model of ["dynamic/a", "dynamic/a@2", "dynamic/b@c@3"])
      assert.equal(
        refusal(() => checkRoute(limits, model)),
        "",
      );
    for (const model of ["auto", "dynamic/b", "dynamic/", "p/m", "a", "dynamic/ab", "DYNAMIC/a"]) {
      assert.equal(
        refusal(() => checkRoute(limits, model)),
        "route_not_allowed: This API key may only use dynamic/a, dynamic/b@c.",
        model,
      );
      assert.ok(!mayName(limits, model));
    }
  });

  it("auto is a route like others", () => {
    const limits = { allowedRoutes: ["auto"], allowedModels: [] };
    assert.equal(
      refusal(() => checkRoute(limits, "auto")),
      "",
    );
    assert.match(
      refusal(() => checkRoute(limits, "p/m")),
      /only use auto\./,
    );
  });

  it("a list of models beside it lets models be asked for directly, as far as the router allows", () => {
    const limits = { allowedRoutes: ["a"], allowedModels: ["p/m"] };
    assert.equal(
      refusal(() => checkRoute(limits, "p/m")),
      "",
    );
    assert.match(
      refusal(() => checkRoute(limits, "dynamic/b")),
      /^route_not_allowed/,
    );
  });

  it("with a list of surfaces only these may be used, and the refusal names them", () => {
    const limits = { allowedSurfaces: ["openai-chat", "openai-embeddings"] };
    assert.equal(
      refusal(() => checkSurface(limits, "openai-chat")),
      "",
    );
    assert.equal(
      refusal(() => checkSurface(limits, "anthropic-messages")),
      "surface_not_allowed: This API key may not be used for anthropic-messages; it is for openai-chat, openai-embeddings.",
    );
  });

  it("of many names a refusal shows ten", () => {
    const allowedRoutes = Array.from({ length: 12 }, (_, index) => `r${index}`);
    assert.match(
      refusal(() => checkRoute({ allowedRoutes, allowedModels: [] }, "x")),
      /dynamic\/r9 and 2 more\.$/,
    );
  });
});
