import assert from "node:assert/strict";
import { test } from "node:test";
import { Waybill } from "@waybill/wire";
import { contentPath, googleKey } from "./request.ts";

const path = (upstreamModel: string, stream: boolean): string =>
  contentPath(Waybill.fromPartial({ stream, target: { provider: "p", model: "m", upstreamModel } }));

test("the model and what is wanted of it stand in the path", () => {
  assert.equal(path("gemini-2.5-flash", false), "/models/gemini-2.5-flash:generateContent");
  assert.equal(path("gemini-2.5-flash", true), "/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  assert.equal(path("tunedModels/mine", false), "/tunedModels/mine:generateContent");
  assert.equal(path("a?b", false), "/models/a%3Fb:generateContent");
});

test("the key goes in a header of its own, and is masked", () => {
  const call = { method: "POST", host: "h", path: "/", headers: [], body: new Uint8Array(), nowUnixMs: 0 } as const;
  assert.deepEqual(googleKey("AIza1").headers(call), ["x-goog-api-key", "AIza1"]);
  assert.deepEqual(googleKey("AIza1").secrets, ["AIza1"]);
  assert.deepEqual(googleKey("").headers(call), []);
});
