// Rate limits as people write them, and every problem with its field.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RateLimit } from "@waybill/wire";
import { checkRateLimit, isSameRateLimit, readRateLimit } from "./rate-limit-rule.ts";

const SOUND = RateLimit.fromPartial({
  id: "per-minute",
  scope: { organisationId: "acme", teamId: "support" },
  unit: "requests",
  amount: 600n,
  perSeconds: 60,
});

test("a burst that is not said is the amount", () => {
  const rule = readRateLimit(SOUND);
  assert.equal(rule.burst, 600n);
  assert.deepEqual(checkRateLimit(rule), []);
  assert.ok(isSameRateLimit(rule, readRateLimit({ ...SOUND, burst: 600n })));
  assert.ok(!isSameRateLimit(rule, readRateLimit({ ...SOUND, burst: 1n })));
});

test("every problem is said at once, with its field", () => {
  const wrong = RateLimit.fromPartial({
    id: "Per Minute",
    scope: { organisationId: "acme", teamId: "support", tagValue: "x" },
    per: "team_id",
    unit: "usd",
    amount: 0n,
    perSeconds: 90_000,
    burst: -1n,
  });
  const fields = checkRateLimit(readRateLimit(wrong)).map(({ field }) => field);
  assert.deepEqual(fields, ["id", "scope.tag.name", "per", "unit", "amount", "perSeconds", "burst"]);
});

test("requests at a time have neither a time nor a burst", () => {
  const places = RateLimit.fromPartial({ ...SOUND, unit: "concurrency", perSeconds: 0 });
  assert.deepEqual(checkRateLimit(readRateLimit(places)), []);
  const wrong = checkRateLimit(readRateLimit({ ...places, perSeconds: 1, burst: 5n }));
  assert.deepEqual(
    wrong.map(({ field }) => field),
    ["perSeconds", "burst"],
  );
});
