// The common checker: what must hold after every scenario, with the scripted provider's own log as the oracle.
import assert from "node:assert/strict";
import { parseUsd } from "@waybill/domain";
import { eventually } from "@waybill/testing";
import type { TestStack } from "./start-stack.ts";

/** One attempt as the ledger states it now. */
export interface BookedAttempt {
  attempt_id: string;
  source: string;
  outcome: string;
  token_source: string;
  team_id: string;
  provider: string;
  model: string;
  input_tokens: bigint;
  output_tokens: bigint;
  cost_usd: string | null;
  error_code: string | null;
  suspect: boolean;
}

/** The attempts on the books, in the order of their ids. */
export function bookedAttempts(stack: TestStack): Promise<BookedAttempt[]> {
  return stack.sql<BookedAttempt>(
    `SELECT attempt_id, source, outcome, token_source, team_id, provider, model, input_tokens, output_tokens, cost_usd, error_code, suspect
     FROM ledger.attempt ORDER BY attempt_id`,
  );
}

interface Balance {
  posted: bigint;
  held: bigint;
  open_holds: bigint;
}

export async function budgetBalance(stack: TestStack): Promise<Balance> {
  const [row] = await stack.sql<{ posted: string; held: string; open_holds: bigint }>(
    `SELECT coalesce(sum(posted_pico_usd) FILTER (WHERE unit = 'usd'), 0)::text AS posted,
       coalesce(sum(held_pico_usd), 0)::text AS held,
       (SELECT count(*) FROM budget.hold WHERE settled_at IS NULL) AS open_holds
     FROM budget.budget_window JOIN budget.budget ON budget.id = budget_id`,
  );
  assert.ok(row);
  return { posted: BigInt(row.posted), held: BigInt(row.held), open_holds: row.open_holds };
}

function sumOf(booked: readonly BookedAttempt[]): bigint {
  return booked.reduce((sum, { cost_usd }) => sum + parseUsd(cost_usd ?? "0"), 0n);
}

/**
 * Waits until `attempts` attempts are on the books and nothing is held, then checks: exactly one standing record per
 * attempt, every provider call on the books, no provider call made twice under one attempt, ledger sum = budget posted.
 */
export async function booksAreRight(
  stack: TestStack,
  { attempts, timeoutMs = 15_000 }: { attempts: number; timeoutMs?: number },
): Promise<BookedAttempt[]> {
  let seen = "nothing";
  try {
    await eventually(
      async () => {
        const booked = await bookedAttempts(stack);
        const { posted, held, open_holds } = await budgetBalance(stack);
        const ledgerSum = sumOf(booked);
        seen = `${booked.length} attempts booked, ${held} pico-USD in ${open_holds} open holds, ledger ${ledgerSum}, budget ${posted}`;
        // Ledger and budget read USAGE each at its own pace, and a hold may be journaled after its record.
        return booked.length >= attempts && open_holds === 0n && posted === ledgerSum;
      },
      { timeoutMs, intervalMs: 100, reason: `${attempts} attempts are booked and nothing is held` },
    );
  } catch (error) {
    throw new Error(`the books did not settle: ${seen}`, { cause: error });
  }
  const booked = await bookedAttempts(stack);
  assert.equal(booked.length, attempts, "attempts on the books");
  const problems = await stack.sql("SELECT problem, request_id, attempt FROM ledger.problem");
  assert.deepEqual(problems, [], "ledger.problem");

  const calls = stack.provider.log.entries().map(({ attemptId }) => attemptId ?? "");
  const bookedIds = new Set(booked.map(({ attempt_id }) => attempt_id));
  for (const call of calls) assert.ok(bookedIds.has(call), `provider call ${call} is not on the books`);
  assert.equal(new Set(calls).size, calls.length, "no attempt was called twice");

  const { posted, held } = await budgetBalance(stack);
  assert.equal(posted, sumOf(booked), "budget posted = ledger sum");
  assert.equal(held, 0n, "nothing is held");
  return booked;
}
