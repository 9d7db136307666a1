// A budget's row as routers and tools are told of it.
import type { Row } from "@waybill/store";
import { Budget, BudgetUnit, Exhaustion, WhenAway, Enforcement as WireEnforcement } from "@waybill/wire";
import type { Enforcement, Unit } from "../core/operation.ts";

/** What `toWireBudget` reads of a row. */
export const BUDGET_COLUMNS = `id, name, organisation_id, team_id, user_id, key_id, end_user_id, route, provider, model, tag_name,
  tag_value, limit_pico_usd, max_share_percent, unit, enforcement, window_kind, window_seconds, time_zone, anchor_weekday, anchor_day,
  anchor_month, extract(epoch FROM anchor_at)::bigint AS anchor_at_seconds, carry_over, per, on_exhausted, when_away, away_allowance,
  raise_by, raise_reason, (extract(epoch FROM raise_until) * 1000)::bigint AS raise_until_ms, alert_percents`;

const UNITS: Record<Unit, BudgetUnit> = {
  usd: BudgetUnit.UNSPECIFIED,
  requests: BudgetUnit.REQUESTS,
  tokens: BudgetUnit.TOKENS,
};
const ENFORCEMENTS: Record<Enforcement, WireEnforcement> = {
  hard: WireEnforcement.HARD,
  soft: WireEnforcement.SOFT,
  observe: WireEnforcement.OBSERVE,
};
const EXHAUSTIONS: Record<string, Exhaustion> = {
  fallback: Exhaustion.FALLBACK,
  downgrade: Exhaustion.DOWNGRADE,
};
const WHEN_AWAYS: Record<string, WhenAway> = { allow: WhenAway.ALLOW, downgrade: WhenAway.DOWNGRADE };

export function toWireUnit(unit: Unit): BudgetUnit {
  return UNITS[unit];
}

export function toWireBudget(row: Row): Budget {
  return Budget.create({
    id: row.id,
    name: row.name,
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
    limitPicoUsd: row.limit_pico_usd,
    enforcement: ENFORCEMENTS[row.enforcement as Enforcement],
    maxSharePercent: row.max_share_percent,
    unit: toWireUnit(row.unit),
    window: {
      kind: row.window_kind,
      seconds: row.window_seconds ?? 0n,
      timeZone: row.time_zone,
      anchorWeekday: row.anchor_weekday,
      anchorDay: row.anchor_day,
      anchorMonth: row.anchor_month,
      anchorAtSeconds: row.anchor_at_seconds,
    },
    carryOver: row.carry_over,
    per: row.per,
    onExhausted: EXHAUSTIONS[row.on_exhausted] ?? Exhaustion.UNSPECIFIED,
    whenAway: WHEN_AWAYS[row.when_away] ?? WhenAway.UNSPECIFIED,
    awayAllowance: row.away_allowance,
    ...(row.raise_until_ms !== null && {
      raise: { by: row.raise_by, reason: row.raise_reason, untilMs: row.raise_until_ms },
    }),
    alertPercents: row.alert_percents,
  });
}
