// What a batch leaves for the watch over spend: how much of each budget was posted in this minute, the calls of sessions, and alerts
// that are known already.
import { type Client, copyIn, copyLine } from "@waybill/store";
import type { Books } from "../core/books.ts";
import { raiseAlerts } from "./raise-alerts.ts";

const MINUTE_MS = 60_000;

const ADD_SPEND = `
  INSERT INTO budget.spend AS s (budget_id, minute, window_id, amount)
  SELECT n.budget_id, n.minute, n.window_id, n.amount
  FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::numeric[]) AS n (budget_id, minute, window_id, amount)
  ON CONFLICT (budget_id, minute, window_id) DO UPDATE SET amount = s.amount + excluded.amount`;

const SESSION_CALLS =
  "budget.session_call (attempt_id, organisation_id, session, key_id, called_at, input_tokens, cost_pico_usd, budget_ids)";

/** Under the locks of the windows, in their order. The caller commits. */
export async function writeSpend(client: Client, books: Books, nowMs: number): Promise<void> {
  const spent = [...books.windows.values()].filter(({ isWatched, spentNow }) => isWatched && spentNow !== 0n);
  if (spent.length > 0) {
    const minute = Math.floor(nowMs / MINUTE_MS);
    const values = [
      spent.map(({ budgetId }) => budgetId),
      spent.map(() => minute),
      spent.map(({ id }) => id),
      spent.map(({ spentNow }) => spentNow),
    ];
    await client.query({ name: "add-spend", text: ADD_SPEND, values });
  }
  const calledAt = new Date(nowMs).toISOString();
  const calls = books.sessionCalls.map((call) => {
    const { attemptId, organisationId, session, keyId, inputTokens, costPicoUsd, budgetIds } = call;
    const budgets = `{${budgetIds.map((id) => JSON.stringify(id)).join(",")}}`;
    return copyLine([attemptId, organisationId, session, keyId, calledAt, inputTokens, costPicoUsd, budgets]);
  });
  await copyIn(client, SESSION_CALLS, calls);
  await raiseAlerts(client, books.alerts);
}
