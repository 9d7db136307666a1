// Where budgets are looked at and changed: one transaction at a time over all processes. What is written goes through functions that
// write the audit log, too.
import { type Client, type Pool, type Row, transact } from "@waybill/store";
import type { BudgetDesk, BudgetOffice } from "../administer-budgets.ts";
import type { BudgetRule } from "../core/budget-rule.ts";
import type { KnownNames } from "../core/check-scope.ts";
import { BUDGET_COLUMNS, toWireBudget } from "./to-wire-budget.ts";

/** Held until the transaction ends. */
export const OFFICE_LOCK = "SELECT pg_advisory_xact_lock(hashtext('waybill.budgets'))";

const FIND = `SELECT ${BUDGET_COLUMNS}, origin FROM budget.budget WHERE id = $1`;

const NAMES = `
  SELECT EXISTS (SELECT FROM accounts.organisation WHERE id = $1) AS has_organisation,
    EXISTS (SELECT FROM accounts.team WHERE organisation_id = $1 AND id = $2) AS has_team,
    (SELECT u.team_id FROM accounts.app_user u WHERE u.organisation_id = $1 AND u.id = $3) AS user_team_id,
    k.user_id AS key_user_id, k.team_id AS key_team_id, k.is_revoked,
    $5 = 'UTC' OR EXISTS (SELECT FROM pg_timezone_names WHERE name = $5) AS has_time_zone
  FROM (SELECT) one
  LEFT JOIN (
    SELECT v.user_id, u.team_id, v.revoked_at IS NOT NULL AS is_revoked
    FROM accounts.virtual_key v
    JOIN accounts.app_user u ON u.organisation_id = v.organisation_id AND u.id = v.user_id
    WHERE v.key_id = $4 AND v.organisation_id = $1) k ON true`;

const BUDGETS_OF = `
  SELECT b.*, coalesce(u.team_id, ku.team_id, '') AS implied_team_id, coalesce(k.user_id, '') AS implied_user_id
  FROM (SELECT ${BUDGET_COLUMNS} FROM budget.budget WHERE origin = 'admin' AND organisation_id = $1) b
  LEFT JOIN accounts.app_user u ON u.organisation_id = b.organisation_id AND u.id = b.user_id
  LEFT JOIN accounts.virtual_key k ON k.key_id = b.key_id
  LEFT JOIN accounts.app_user ku ON ku.organisation_id = k.organisation_id AND ku.id = k.user_id`;

export function budgetOffice(pool: Pool): BudgetOffice {
  return {
    alone: (work) =>
      transact(pool, async (client) => {
        await client.query(OFFICE_LOCK);
        return work(deskOf(client));
      }),
  };
}

function deskOf(client: Client): BudgetDesk {
  const one = async (text: string, values: unknown[]): Promise<Row | undefined> =>
    (await client.query<Row>(text, values)).rows[0];
  return {
    async find(id) {
      const row = await one(FIND, [storable(id)]);
      if (!row) return undefined;
      const origin = row.origin === "admin" || row.origin === "deleted" ? row.origin : "counter";
      return { origin, budget: toWireBudget(row) };
    },
    async count() {
      const row = await one("SELECT count(*)::int AS count FROM budget.budget WHERE origin = 'admin'", []);
      return row?.count as number;
    },
    names: ({ scope, window }) => findNames(client, scope, window.timeZone),
    async budgetsOf(organisationId) {
      const { rows } = await client.query<Row>(BUDGETS_OF, [organisationId]);
      return rows.map((row) => ({
        budget: toWireBudget(row),
        implied: { teamId: row.implied_team_id as string, userId: row.implied_user_id as string },
      }));
    },
    async save(rule, { actorId, actorName, reason }) {
      const given = JSON.stringify(columnsOf(rule));
      await client.query("SELECT budget.save_budget($1::jsonb, $2, $3, $4)", [given, actorId, actorName, reason]);
    },
    async delete(id, { actorId, actorName, reason }) {
      await client.query("SELECT budget.delete_budget($1, $2, $3, $4)", [id, actorId, actorName, reason]);
    },
    async raise(id, { by, untilMs }, { actorId, actorName, reason }) {
      await client.query("SELECT budget.raise_budget($1, $2, to_timestamp($3::float8 / 1000), $4, $5, $6)", [
        ...[id, by, untilMs],
        ...[actorId, actorName, reason],
      ]);
    },
    async nowMs() {
      const row = await one("SELECT (extract(epoch FROM budget.clock()) * 1000)::float8 AS now_ms", []);
      return row?.now_ms as number;
    },
  };
}

export async function findNames(client: Client, scope: BudgetRule["scope"], timeZone: string): Promise<KnownNames> {
  const { organisationId, teamId, userId, keyId } = scope;
  const names = [organisationId, teamId, userId, keyId, timeZone].map(storable);
  return toNames((await client.query<Row>(NAMES, names)).rows[0] ?? {});
}

/** Postgres keeps every character but this one, so without it nothing is found that should not be. */
export function storable(text: string): string {
  return text.replaceAll("\u0000", "");
}

function toNames(row: Row): KnownNames {
  return {
    hasOrganisation: row.has_organisation,
    hasTeam: row.has_team,
    user: row.user_team_id === null ? undefined : { teamId: row.user_team_id },
    key:
      row.key_user_id === null
        ? undefined
        : { userId: row.key_user_id, teamId: row.key_team_id, isRevoked: row.is_revoked },
    hasTimeZone: row.has_time_zone,
  };
}

export function scopeColumns(scope: BudgetRule["scope"]): Record<string, string> {
  return {
    organisation_id: scope.organisationId,
    team_id: scope.teamId,
    user_id: scope.userId,
    key_id: scope.keyId,
    end_user_id: scope.endUserId,
    route: scope.route,
    provider: scope.provider,
    model: scope.model,
    tag_name: scope.tagName,
    tag_value: scope.tagValue,
  };
}

/** By the names of the columns. Amounts as text: JSON numbers are floats. */
function columnsOf({ scope, window, ...rule }: BudgetRule): Record<string, unknown> {
  return {
    id: rule.id,
    name: rule.name,
    ...scopeColumns(scope),
    unit: rule.unit,
    limit_pico_usd: String(rule.limit),
    enforcement: rule.enforcement,
    max_share_percent: rule.maxSharePercent,
    window_kind: window.kind,
    window_seconds: window.seconds === 0n ? null : String(window.seconds),
    time_zone: window.timeZone,
    anchor_weekday: window.anchorWeekday,
    anchor_day: window.anchorDay,
    anchor_month: window.anchorMonth,
    anchor_at: new Date(Number(window.anchorAtSeconds) * 1_000).toISOString(),
    carry_over: rule.carryOver,
    per: rule.per,
    on_exhausted: rule.onExhausted,
    when_away: rule.whenAway,
    away_allowance: String(rule.awayAllowance),
    alert_percents: rule.alertPercents,
  };
}
