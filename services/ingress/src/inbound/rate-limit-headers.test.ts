// What clients read of rate limits, in each dialect.
import assert from "node:assert/strict";
import { test } from "node:test";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

const left = (resetMs: number) => [{ unit: "requests", limit: 600, remaining: 599, resetMs }];

test("OpenAI's clients get durations as OpenAI writes them", () => {
  assert.deepEqual(rateLimitHeaders(left(360_000), "openai-chat", 0), {
    "x-ratelimit-limit-requests": "600",
    "x-ratelimit-remaining-requests": "599",
    "x-ratelimit-reset-requests": "6m0s",
  });
  const written = [12, 1_499, 59_950, 60_001, 3_630_000].map(
    (ms) => rateLimitHeaders(left(ms), "openai-responses", 0)["x-ratelimit-reset-requests"],
  );
  assert.deepEqual(written, ["12ms", "1.5s", "1m0s", "1m1s", "1h0m30s"]);
});

test("Anthropic's clients get a moment", () => {
  assert.deepEqual(rateLimitHeaders(left(100), "anthropic-messages", Date.UTC(2026, 10, 27)), {
    "anthropic-ratelimit-requests-limit": "600",
    "anthropic-ratelimit-requests-remaining": "599",
    "anthropic-ratelimit-requests-reset": "2026-11-27T00:00:01Z",
  });
});
