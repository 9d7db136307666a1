import assert from "node:assert/strict";
import { test } from "node:test";
import { uuidV7TimeMs } from "@waybill/domain";
import { sampleFact, sampleRequest } from "./sample-fact.test.ts";
import { attemptIdOf } from "./usage-fact.ts";

test("an attempt id is the request id and the number of the attempt", () => {
  const fact = sampleFact({ ...sampleRequest(7), attempt: 3 });
  assert.equal(attemptIdOf(fact), `${fact.requestId}.3`);
  assert.equal(uuidV7TimeMs(fact.requestId), fact.requestedAtMs);
});
