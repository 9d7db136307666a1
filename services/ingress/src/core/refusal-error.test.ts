import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FrameFailed, Refusal } from "@waybill/wire";
import { failedFrameError, refusalError } from "./refusal-error.ts";

describe("what a client is told", () => {
  it("names the budget, what is left, what was needed and when it resets; and never to retry", () => {
    const error = refusalError(
      Refusal.create({
        code: "budget_exceeded",
        retryAfterMs: 500,
        budget: {
          budgetId: "b",
          budgetName: "research",
          limitPicoUsd: "20000000000",
          leftPicoUsd: "1500000",
          neededPicoUsd: "340000000",
          resetsAt: "2026-12-01T00:00:00Z",
        },
      }),
    );
    assert.equal(error.entry.httpStatus, 402);
    for (const part of ["research", "$0.0000015", "$0.02", "$0.00034", "2026-12-01"]) {
      assert.ok(error.publicMessage.includes(part), part);
    }
    assert.equal(error.retryAfterMs, undefined);
  });

  it("is an internal error for a code nobody knows, without inventing words", () => {
    assert.equal(refusalError(Refusal.create({ code: "constructor" })).code, "internal_error");
  });

  it("keeps Retry-After between one and thirty seconds", () => {
    const after = (retryAfterMs: number) =>
      failedFrameError(FrameFailed.create({ code: "upstream_rate_limited", retryAfterMs })).retryAfterMs;
    assert.equal(after(120_000), 30_000);
    assert.equal(after(5), 1_000);
    assert.equal(after(0), undefined);
  });
});
