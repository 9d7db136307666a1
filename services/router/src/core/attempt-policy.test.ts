// When the same model is tried again, when the next one, and after which pause.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptPolicy } from "@waybill/routes";
import { DIRECT_POLICY, mayFallBack, mayRetry, retryDelayMs } from "./attempt-policy.ts";

const policy = (overrides: Partial<AttemptPolicy>): AttemptPolicy => ({ ...DIRECT_POLICY, ...overrides });

test("a model is tried again as often as its node says, and not for what it would only say again", () => {
  const twice = policy({ retries: 2 });
  for (const code of ["upstream_error", "upstream_timeout", "upstream_rate_limited"]) {
    assert.deepEqual(
      [1, 2, 3].map((tries) => mayRetry(twice, code, tries)),
      [true, true, false],
      code,
    );
    assert.equal(mayRetry(DIRECT_POLICY, code, 1), false, code);
  }
  for (const code of ["context_length_exceeded", "content_filter", "upstream_auth", "upstream_rejected", "nonsense"]) {
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

test("pauses grow as the backoff says, and have an end", () => {
  const pauses = (backoff: AttemptPolicy["backoff"]) =>
    [1, 2, 3, 4, 5].map((tries) => retryDelayMs(policy({ retryDelayMs: 1_000, backoff }), tries));
  assert.deepEqual(pauses("constant"), [1_000, 1_000, 1_000, 1_000, 1_000]);
  assert.deepEqual(pauses("linear"), [1_000, 2_000, 3_000, 4_000, 5_000]);
  assert.deepEqual(pauses("exponential"), [1_000, 2_000, 4_000, 5_000, 5_000]);
});
