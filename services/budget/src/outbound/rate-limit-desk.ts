// Where rate limits are looked at and changed, one transaction at a time over all processes, and how they are read. What is written goes
// through functions that write the audit log, too.
import { type Pool, type Row, transact } from "@waybill/store";
import { RateLimit } from "@waybill/wire";
import type { RateLimitOffice } from "../administer-rate-limits.ts";
import type { RateLimitRule } from "../core/rate-limit-rule.ts";
import { findNames, OFFICE_LOCK, scopeColumns, storable } from "./budget-desk.ts";

const SELECT = "SELECT * FROM budget.rate_limit";

/** All of them, by id. */
export async function listRateLimits(pool: Pool): Promise<RateLimit[]> {
  return (await pool.query<Row>(`${SELECT} ORDER BY id`)).rows.map(toWire);
}

export function rateLimitOffice(pool: Pool): RateLimitOffice {
  return {
    alone: (work) =>
      transact(pool, async (client) => {
        await client.query(OFFICE_LOCK);
        return work({
          async find(id) {
            const [row] = (await client.query<Row>(`${SELECT} WHERE id = $1`, [storable(id)])).rows;
            return row && toWire(row);
          },
          async count() {
            const { rows } = await client.query<Row>("SELECT count(*)::int AS count FROM budget.rate_limit");
            return rows[0]?.count as number;
          },
          names: (scope) => findNames(client, scope, "UTC"),
          async save(rule, { actorId, actorName, reason }) {
            const given = JSON.stringify(columnsOf(rule));
            await client.query("SELECT budget.save_rate_limit($1::jsonb, $2, $3, $4)", [
              given,
              actorId,
              actorName,
              reason,
            ]);
          },
          async delete(id, { actorId, actorName, reason }) {
            await client.query("SELECT budget.delete_rate_limit($1, $2, $3, $4)", [id, actorId, actorName, reason]);
          },
        });
      }),
  };
}

function columnsOf({ id, scope, per, unit, amount, perSeconds, burst }: RateLimitRule): Record<string, unknown> {
  return {
    ...{ id, per, unit, per_seconds: perSeconds, amount: String(amount), burst: String(burst) },
    ...scopeColumns(scope),
  };
}

function toWire(row: Row): RateLimit {
  return RateLimit.fromPartial({
    id: row.id,
    scope: {
      organisationId: row.organisation_id,
      teamId: row.team_id,
      userId: row.user_id,
      keyId: row.key_id,
      endUserId: row.end_user_id,
      route: row.route,
      provider: row.provider,
      model: row.model,
      tagName: row.tag_name,
      tagValue: row.tag_value,
    },
    per: row.per,
    unit: row.unit,
    amount: BigInt(row.amount),
    perSeconds: row.per_seconds,
    burst: BigInt(row.burst),
  });
}
