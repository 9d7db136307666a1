// After the load: every call that reached the provider through Waybill is booked once, at the price, in every budget.

import { eventually } from "@waybill/testing";
import { budgetBalance } from "../../stack/books.ts";
import type { TestStack } from "../../stack/start-stack.ts";

export interface Books {
  /** What the scripted provider says it was asked through Waybill. */
  readonly providerCalls: number;
  readonly attemptsBooked: number;
  /** Booked as never sent to the provider, or as finding nobody there. */
  readonly attemptsNotSent: number;
  readonly ledgerSumUsd: string;
  /** Attempts by the source of the record that stands, outcome and error. */
  readonly attemptsByOutcome: Readonly<Record<string, number>>;
  /** Per budget that matched. */
  readonly postedPicoUsd: Readonly<Record<string, string>>;
  readonly openHolds: number;
  /** Empty when the books are right. */
  readonly problems: readonly string[];
}

const SETTLE_LIMIT_MS = 30_000;
const BUDGETS = 3;

/** Never sent, or nobody took the connection: the provider knows nothing of it, and it is booked at nothing. */
const UNREACHED =
  "(source = 'void' OR (outcome = 'failed_free' AND error_code IN ('upstream_unreachable', 'not_sent')))";

export async function checkBooks(stack: TestStack, providerCalls: number): Promise<Books> {
  const problems: string[] = [];
  await eventually(async () => (await budgetBalance(stack)).open_holds === 0n, {
    timeoutMs: SETTLE_LIMIT_MS,
    intervalMs: 200,
    reason: "no hold is open",
  }).catch(async (error: unknown) => problems.push(`${error}: ${await describeOpenHolds(stack)}`));

  const [ledger] = await stack.sql<{ attempts: bigint; not_sent: bigint; usd: string; pico: string }>(
    `SELECT count(*) FILTER (WHERE NOT ${UNREACHED}) AS attempts, count(*) FILTER (WHERE ${UNREACHED}) AS not_sent,
       coalesce(sum(cost_usd), 0)::text AS usd,
       trim_scale(coalesce(sum(cost_usd), 0) * 1000000000000)::text AS pico FROM ledger.attempt`,
  );
  const posted = await stack.sql<{ budget_id: string; posted: string }>(
    `SELECT budget_id, sum(posted_pico_usd)::text AS posted FROM budget.budget_window
     GROUP BY budget_id HAVING sum(posted_pico_usd) > 0 ORDER BY budget_id`,
  );
  const { open_holds } = await budgetBalance(stack);
  const attemptsBooked = Number(ledger?.attempts ?? 0);
  if (attemptsBooked !== providerCalls) problems.push(`${providerCalls} calls, ${attemptsBooked} attempts booked`);
  if (posted.length !== BUDGETS) problems.push(`${posted.length} budgets carry spend instead of ${BUDGETS}`);
  for (const { budget_id, posted: sum } of posted) {
    if (sum !== ledger?.pico) problems.push(`${budget_id} has ${sum} pico-USD posted, the ledger says ${ledger?.pico}`);
  }
  const kinds = await stack.sql<{ kind: string; count: bigint }>(
    "SELECT concat_ws(' ', source, outcome, error_code) AS kind, count(*) AS count FROM ledger.attempt GROUP BY kind",
  );
  const wrong = await stack.sql<{ problem: string; count: bigint }>(
    "SELECT problem, count(*) AS count FROM ledger.problem GROUP BY problem",
  );
  for (const { problem, count } of wrong) problems.push(`${problem}: ${count} attempts`);
  return {
    providerCalls,
    attemptsBooked,
    attemptsNotSent: Number(ledger?.not_sent ?? 0),
    ledgerSumUsd: ledger?.usd ?? "0",
    attemptsByOutcome: Object.fromEntries(kinds.map(({ kind, count }) => [kind, Number(count)])),
    postedPicoUsd: Object.fromEntries(posted.map(({ budget_id, posted: sum }) => [budget_id, sum])),
    openHolds: Number(open_holds),
    problems,
  };
}

/** A hold of an attempt that was never sent ends when its time is over; one of an attempt that is booked should be gone. */
async function describeOpenHolds(stack: TestStack): Promise<string> {
  const [row] = await stack.sql<{ booked: bigint; unknown: bigint }>(
    `SELECT count(*) FILTER (WHERE is_booked) AS booked, count(*) FILTER (WHERE NOT is_booked) AS unknown FROM (
       SELECT EXISTS (SELECT FROM budget.settled_record s WHERE s.attempt_id = h.attempt_id) AS is_booked
       FROM budget.hold h WHERE settled_at IS NULL) open`,
  );
  return `${row?.booked} of attempts with a record, ${row?.unknown} of attempts without`;
}
