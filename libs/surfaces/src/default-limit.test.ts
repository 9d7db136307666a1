// The limit of output tokens that holds where a body says none: on every surface whose answers have one.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import type { SurfaceName } from "./surface-name.ts";
import { SURFACES } from "./surfaces.ts";

const messages = [{ role: "user", content: "x" }];
/** A body without a limit, the field of the limit, and what holds without any default; undefined: it is refused. */
const FORMS: Readonly<Record<SurfaceName, [body: object, field: string, usual: number | undefined]>> = {
  "openai-chat": [{ messages }, "max_completion_tokens", 0],
  "openai-responses": [{ input: "x" }, "max_output_tokens", 0],
  "anthropic-messages": [{ messages }, "max_tokens", undefined],
  "openai-completions": [{ prompt: "x" }, "max_tokens", 16],
  "openai-embeddings": [{ input: "x" }, "", 0],
};

for (const surface of SURFACES) {
  const [body, field, usual] = FORMS[surface.name];
  const limitOf = (fields: object, byDefault?: number): [number, boolean] => {
    const bytes = Buffer.from(JSON.stringify({ model: "m", ...body, ...fields }));
    const { maxOutputTokens, isDefaultLimit, body: forProvider } = surface.readRequest(bytes, byDefault);
    assert.deepEqual(forProvider, bytes, "the body stays as it came");
    return [maxOutputTokens, isDefaultLimit];
  };
  describe(surface.name, () => {
    if (field === "") {
      it("has no limit, and takes no default", () => assert.deepEqual(limitOf({}, 7), [0, false]));
      return;
    }
    it("takes the default where the body says no limit, and the body's own where it does", () => {
      assert.deepEqual(limitOf({}, 7), [7, true]);
      assert.deepEqual(limitOf({ [field]: 5 }, 7), [5, false]);
      assert.deepEqual(limitOf({ [field]: 500 }, 7), [500, false]);
    });
    it("without a default is as it always was", () => {
      for (const none of [undefined, 0]) {
        if (usual !== undefined) assert.deepEqual(limitOf({}, none), [usual, false]);
        else
          assert.throws(
            () => limitOf({}, none),
            (error) => error instanceof WaybillError && error.param === "max_tokens",
          );
      }
    });
  });
}
