// A request as the router sees it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Attribution, Features } from "@waybill/wire";
import { readQuestion } from "./question.ts";

const request = (features: Partial<Features>) => ({
  requestId: "r",
  ingressId: "i",
  attribution: Attribution.create({}),
  features: { ...Features.create({}), ...features },
  allowedModels: ["a/m"],
});

test("what the client asks of `auto` nodes is read, and what nobody knows is not said", () => {
  const routing = {
    ...{ mode: "cost", models: ["a/m"], requireParameters: false, affinity: "sticky" },
    ...{ sessionId: "s1", sessionSource: "session_id_header" },
  };
  const read = readQuestion(request({ routing }));
  assert.deepEqual([read?.mode, read?.affinity, read?.models, read?.sessionId], ["cost", "sticky", ["a/m"], "s1"]);
  const odd = readQuestion(request({ routing: { ...routing, mode: "fastest", affinity: "" } }));
  assert.deepEqual([odd?.mode, odd?.affinity], [undefined, undefined]);
});

test("without routing nothing is asked", () => {
  const read = readQuestion(request({}));
  assert.deepEqual([read?.mode, read?.models, read?.sessionId, read?.allowedModels], [undefined, [], "", ["a/m"]]);
});

test("without features there is no question", () => {
  assert.equal(readQuestion({ ...request({}), features: undefined }), undefined);
});
