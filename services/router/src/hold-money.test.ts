// What becomes of a hold that was asked for and got no answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeUuidV7, systemClock } from "@waybill/service";
import { JournaledAttempt } from "@waybill/wire";
import { NO_SIZE } from "./core/bounds.ts";
import type { JournalBatch } from "./core/journal-queue.ts";
import { sampleBudget } from "./core/sample-models.ts";
import { holdWaiting } from "./hold-money.ts";
import type { BudgetService } from "./ports.ts";
import { Till } from "./till.ts";

const CREDIT = 100n;
const COVERED = sampleBudget("covered", { organisationId: "acme" });
const NEAR = sampleBudget("near", { organisationId: "acme" });

/** One budget gives credit, the other has none to give and never answers an exact hold. `isSent`: what it is asked arrives. */
function world(isSent: boolean) {
  const journal: JournalBatch<JournaledAttempt> = { attempts: [], closings: [], withdrawals: [] };
  const budgetService: BudgetService = {
    isOpen: true,
    async askGrant({ grantId, budgetId }) {
      const amountPicoUsd = budgetId === "covered" ? CREDIT : 0n;
      return { kind: "given", given: { grantId, amountPicoUsd, windowId: 1n, lifeMs: 60_000 } };
    },
    placeHold: async () => ({ kind: "unanswered", sent: isSent }),
    async journal({ attempts, closings, withdrawals }) {
      journal.attempts.push(...attempts);
      journal.closings.push(...closings);
      journal.withdrawals.push(...withdrawals);
      return true;
    },
  };
  const till = new Till({
    ...{ budgetService, clock: systemClock, makeId: makeUuidV7, hash: (text: string) => text },
    ...{ settings: { grantLifeMs: 60_000, holdLifeMs: 60_000 }, failpoint: () => {} },
  });
  till.setBudgets([COVERED, NEAR]);
  const wish = {
    budgets: [COVERED, NEAR],
    size: { ...NO_SIZE, worstPicoUsd: 10n, leastPicoUsd: 10n },
    journalAs: (holds: JournaledAttempt["holds"]) =>
      JournaledAttempt.fromPartial({ attemptId: "r1.1", holder: "router-1", holds }),
    ...{ waitMs: 200, onUnheld: () => {} },
  };
  return { till, wish, journal };
}

test("a hold that may have been placed is withdrawn, after what was cut for it is journaled", async () => {
  const { till, wish, journal } = world(true);
  assert.deepEqual(await holdWaiting(till, wish), { kind: "unavailable", mayBeFree: false });
  await till.stop(1_000);
  assert.deepEqual(journal.withdrawals, [{ attemptId: "r1.1", holder: "router-1" }]);
  assert.deepEqual(
    journal.attempts.map(({ holds }) => holds.map(({ budgetId, amountPicoUsd }) => [budgetId, amountPicoUsd])),
    [[["covered", 10n]]],
  );
  assert.deepEqual(
    journal.closings.map(({ debitedPicoUsd }) => debitedPicoUsd),
    [10n],
  );
});

test("a hold that was not even sent leaves nothing behind", async () => {
  const { till, wish, journal } = world(false);
  assert.deepEqual(await holdWaiting(till, wish), { kind: "unavailable", mayBeFree: false });
  await till.stop(1_000);
  assert.deepEqual([journal.attempts, journal.withdrawals], [[], []]);
  assert.deepEqual(
    journal.closings.map(({ debitedPicoUsd }) => debitedPicoUsd),
    [0n],
  );
});
