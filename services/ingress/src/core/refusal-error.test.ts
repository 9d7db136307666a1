import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BudgetUnit, FrameFailed, Refusal } from "@waybill/wire";
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

  it("says what a budget counts, and whose counter of a template it is", () => {
    const said = (unit: BudgetUnit, leftPicoUsd: string, templateValue = "") =>
      refusalError(
        Refusal.create({
          code: "budget_exceeded",
          budget: {
            budgetName: "daily",
            limitPicoUsd: "1000",
            leftPicoUsd,
            neededPicoUsd: "1432",
            unit,
            templateValue,
          },
        }),
      ).publicMessage;
    const tokens = said(BudgetUnit.TOKENS, "700", "cleo");
    assert.ok(tokens.startsWith('The budget "daily" (cleo) is used up: 700 tokens of 1000 tokens is left'), tokens);
    assert.ok(tokens.includes("needs at least 1432 tokens"), tokens);
    assert.ok(!tokens.includes("$"), tokens);
    assert.ok(said(BudgetUnit.REQUESTS, "1").includes("1 request of 1000 requests is left"));
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
