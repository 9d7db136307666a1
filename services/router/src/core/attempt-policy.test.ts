// When the same model is tried again, when the next one, and after which pause.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptPolicy } from "@waybill/routes";
import { DIRECT_POLICY, mayAskOtherAccount, mayAwait, mayFallBack, mayRetry, retryDelayMs } from "./attempt-policy.ts";

const policy = (overrides: Partial<AttemptPolicy>): AttemptPolicy => ({ ...DIRECT_POLICY, ...overrides });

test("a model is tried again as often as its node says, and not for what it would only say again", () => {
  const twice = policy({ retries: 2 });
  for (const code of ["upstream_error", "upstream_unreachable", "upstream_rate_limited"]) {
    assert.deepEqual(
      [1, 2, 3].map((tries) => mayRetry(twice, code, tries)),
      [true, true, false],
      code,
    );
    assert.equal(mayRetry(DIRECT_POLICY, code, 1), false, code);
  }
  const useless = ["context_length_exceeded", "content_filter", "upstream_auth", "upstream_timeout"];
  for (const code of [...useless, "upstream_rejected", "nonsense"]) {
    assert.equal(mayRetry(twice, code, 1), false, code);
  }
});

test("a lost worker is not the model's fault: it is tried once more without any retries", () => {
  assert.equal(mayRetry(DIRECT_POLICY, "worker_lost", 1), true);
  assert.equal(mayRetry(DIRECT_POLICY, "worker_lost", 2), false);
});

test("the next model is tried for the failures the node names", () => {
  const onTimeout = policy({ fallbackOn: ["timeout"] });
  assert.equal(mayFallBack(onTimeout, "upstream_timeout"), true);
  assert.equal(mayFallBack(onTimeout, "upstream_error"), false);
  assert.equal(mayFallBack(DIRECT_POLICY, "content_filter"), false);
  assert.equal(mayFallBack(policy({ fallbackOn: ["content_filter"] }), "content_filter"), true);
  assert.equal(mayFallBack(policy({ fallbackOn: [] }), "no_workers"), true);
  assert.equal(mayFallBack(DIRECT_POLICY, "invalid_json"), false);
});

const FAILED = { failureCode: "upstream_error", retryAfterMs: 0 };

test("a refusal for its rate is given time whatever the node says, and as much as it asks for", () => {
  const pauses = (retryAfterMs: number) =>
    [1, 2, 3, 4, 5].map((tries) =>
      retryDelayMs(DIRECT_POLICY, tries, { failureCode: "upstream_rate_limited", retryAfterMs }),
    );
  assert.deepEqual(pauses(0), [500, 1_000, 2_000, 4_000, 5_000]);
  assert.deepEqual(pauses(3_000), [3_000, 3_000, 3_000, 4_000, 5_000]);
  assert.equal(retryDelayMs(DIRECT_POLICY, 1, FAILED), 0);
  assert.deepEqual([mayAwait(5_000), mayAwait(5_001)], [true, false]);
});

test("pauses grow as the backoff says, and have an end", () => {
  const pauses = (backoff: AttemptPolicy["backoff"]) =>
    [1, 2, 3, 4, 5].map((tries) => retryDelayMs(policy({ retryDelayMs: 1_000, backoff }), tries, FAILED));
  assert.deepEqual(pauses("constant"), [1_000, 1_000, 1_000, 1_000, 1_000]);
  assert.deepEqual(pauses("linear"), [1_000, 2_000, 3_000, 4_000, 5_000]);
  assert.deepEqual(pauses("exponential"), [1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("another account is asked at once, whatever the node says, and four times in all", () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((tries) => mayAskOtherAccount(true, tries)),
    [true, true, true, false],
  );
  assert.equal(mayAskOtherAccount(false, 1), false);
  const refused = { failureCode: "upstream_rate_limited", retryAfterMs: 3_000 };
  assert.equal(retryDelayMs(DIRECT_POLICY, 1, { ...refused, otherAccount: true }), 0);
  assert.equal(retryDelayMs(DIRECT_POLICY, 4, { ...refused, otherAccount: true }), 4_000);
});
