// A refusal as the client and the record are told it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RateRefusal, type Refusal } from "@waybill/wire";
import type { Refused } from "./choose/choose.ts";
import { NOTHING_HELD } from "./explain.ts";
import { refusalOf, verdictOf } from "./write-refusal.ts";

const RATE: RateRefusal = RateRefusal.fromPartial({
  ...{ limitId: "team-minute", amount: 600n, perSeconds: 60, unit: "requests", waitMs: 1_240 },
});

function said(refused: Partial<Refused> & Pick<Refused, "code">, pauseMs = 0): Refusal | undefined {
  const { outcome } = refusalOf({ kind: "refused", because: "", budget: undefined, ...refused }, pauseMs);
  return outcome?.$case === "refusal" ? outcome.value : undefined;
}

test("a rate limit is named with its amount, and with when there is room", () => {
  const refusal = said({ code: "rate_limit_exceeded", rate: RATE });
  assert.equal(refusal?.retryAfterMs, 1_240);
  assert.equal(
    refusal?.message,
    'The rate limit "team-minute" of 600 requests in 60 s has no room. There is room again in about 1.3 s.',
  );
  assert.deepEqual(refusal?.rateLimit, RATE);
});

test("a provider's pause is waited out; a used-up limit of a route asks for patience; money asks for none", () => {
  assert.equal(said({ code: "upstream_rate_limited" }, 4_000.2)?.retryAfterMs, 4_001);
  assert.equal(said({ code: "limit_exceeded" })?.retryAfterMs, 30_000);
  assert.equal(said({ code: "budget_exceeded" })?.retryAfterMs, 0);
});

test("the record keeps which rate limit it was", () => {
  const verdict = verdictOf("a/m", { kind: "limited", rate: RATE }, NOTHING_HELD);
  assert.equal(verdict.verdict, "limited");
  assert.deepEqual(verdict.rateLimit, RATE);
});
