// What is known of the reserves of windows, read under the locks of those windows: what a budget allows while nobody can be asked,
// what of it is out, and among how many routers it is divided.
import type { Client } from "@waybill/store";
import type { ReserveState } from "../core/books.ts";

const READ = `
  SELECT w.id, r.away_allowance,
    (SELECT coalesce(sum(g.cap_pico_usd - g.debited_pico_usd), 0) FROM budget.credit_grant g
     WHERE g.window_id = w.id AND g.is_reserve AND g.cap_pico_usd > g.debited_pico_usd) AS out,
    (SELECT count(DISTINCT g.holder)::int FROM budget.credit_grant g
     WHERE g.state = 'open' AND g.expires_at > budget.clock()) AS holders
  FROM budget.budget_window w JOIN budget.budget b ON b.id = w.budget_id
  JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  WHERE w.id = ANY($1::bigint[]) AND r.when_away = 'allow'`;

export async function readReserves(
  client: Client,
  windowIds: readonly bigint[],
): Promise<[windowId: bigint, ReserveState][]> {
  if (windowIds.length === 0) return [];
  const { rows } = await client.query({ name: "read-reserves", text: READ, values: [windowIds] });
  return rows.map((row) => {
    const holders = Math.max(1, row.holders as number);
    return [row.id, { allowancePicoUsd: BigInt(row.away_allowance), outPicoUsd: BigInt(row.out), holders }];
  });
}
