// How much budgets have spent lately, minute by minute, and forgetting it.
import type { Client, Pool, Row } from "@waybill/store";
import type { Spend } from "../core/burn.ts";

const SPEND_OF = `
  WITH clock AS MATERIALIZED (SELECT floor(extract(epoch FROM budget.clock()) / 60)::bigint AS minute),
  hours AS (
    SELECT s.budget_id, (clock.minute - s.minute) / 60 AS hours_ago, sum(s.amount) AS amount, min(s.minute) AS oldest,
      coalesce(sum(s.amount) FILTER (WHERE s.minute > clock.minute - 5), 0) AS last_5_min
    FROM budget.spend s, clock
    WHERE s.budget_id = ANY ($1) AND s.minute > clock.minute - 1440 AND s.minute <= clock.minute GROUP BY 1, 2)
  SELECT h.budget_id, sum(h.last_5_min) AS last_5_min,
    coalesce(sum(h.amount) FILTER (WHERE h.hours_ago = 0), 0) AS last_hour,
    coalesce(sum(h.amount) FILTER (WHERE h.hours_ago < 6), 0) AS last_6_hours,
    coalesce(max(h.amount) FILTER (WHERE h.hours_ago > 0), 0) AS busiest_hour_before,
    greatest(0, (max(clock.minute) - min(h.oldest)) / 60 - 1)::int AS hours_known
  FROM hours h, clock GROUP BY h.budget_id`;

/** Of those that spent anything in the last day. */
export async function spendOf(
  client: Pick<Client | Pool, "query">,
  budgetIds: readonly string[],
): Promise<ReadonlyMap<string, Spend>> {
  if (budgetIds.length === 0) return new Map();
  const { rows } = await client.query<Row>({ name: "spend-of", text: SPEND_OF, values: [budgetIds] });
  return new Map(
    rows.map((row) => [
      row.budget_id as string,
      {
        last5Min: BigInt(row.last_5_min),
        lastHour: BigInt(row.last_hour),
        last6Hours: BigInt(row.last_6_hours),
        busiestHourBefore: BigInt(row.busiest_hour_before),
        hoursKnown: row.hours_known as number,
      },
    ]),
  );
}

const FORGET = [
  `DELETE FROM budget.spend WHERE minute < floor(extract(epoch FROM budget.clock()) / 60)::bigint - 1500`,
  `DELETE FROM budget.session_call WHERE called_at < budget.clock() - interval '30 minutes'`,
  // With it goes what webhooks were told.
  `DELETE FROM budget.alert WHERE raised_at < budget.clock() - interval '90 days'`,
];

/** What nobody asks for any more: spend after 25 hours, calls of sessions after half an hour, alerts after 90 days. */
export async function forgetSpend(pool: Pool): Promise<void> {
  for (const statement of FORGET) await pool.query(statement);
}
