// Writes alerts, each once, with what every webhook is to be told of them. The caller commits.
import { makeUuidV7 } from "@waybill/service";
import type { Client, Row } from "@waybill/store";
import type { Alert, AlertData, AlertKind } from "../core/alert.ts";

/** Of one organisation in an hour; what is beyond it is not told. */
const ALERTS_PER_HOUR_MAX = 1_000;

const RAISE = `
  WITH clock AS MATERIALIZED (SELECT budget.clock() AS at),
  given AS (
    SELECT g.* FROM jsonb_to_recordset($1::jsonb)
      AS g (id text, once text, organisation_id text, kind text, budget_id text, summary text, data json), clock
    WHERE (SELECT count(*) FROM budget.alert a
           WHERE a.organisation_id = g.organisation_id AND a.raised_at > clock.at - interval '1 hour') < ${ALERTS_PER_HOUR_MAX}),
  raised AS (
    INSERT INTO budget.alert (id, once, organisation_id, kind, budget_id, raised_at, summary, data)
    SELECT id, once, organisation_id, kind, budget_id, clock.at, summary, data FROM given, clock ORDER BY once
    ON CONFLICT (once) DO NOTHING
    RETURNING id, organisation_id, kind),
  told AS (
    INSERT INTO budget.webhook_delivery (alert_id, webhook_id, next_at)
    SELECT r.id, w.id, clock.at FROM clock, raised r
    JOIN budget.webhook w ON w.organisation_id IN ('', r.organisation_id) AND (w.kinds = '{}' OR r.kind = ANY (w.kinds)))
  SELECT id, kind FROM raised`;

/** Those that were not told before, with the ids they have now. */
export async function raiseAlerts(
  client: Client,
  alerts: readonly Alert[],
): Promise<{ id: string; kind: AlertKind }[]> {
  if (alerts.length === 0) return [];
  const given = alerts.map(({ kind, once, organisationId, budgetId, summary, data }) => ({
    ...{ id: makeUuidV7(), once, kind, summary, data: shownData(data) },
    ...{ organisation_id: organisationId, budget_id: budgetId },
  }));
  // The same once twice in one statement would be a conflict that nobody can leave out.
  const unique = new Map(given.map((alert) => [alert.once, alert]));
  const { rows } = await client.query<Row>({
    name: "raise-alerts",
    text: RAISE,
    values: [JSON.stringify([...unique.values()])],
  });
  return rows as { id: string; kind: AlertKind }[];
}

/** Times as people and other programs read them; a window without an end has null there. */
function shownData({ windowStartsAtMs, windowEndsAtMs, exhaustedAtMs, ...data }: AlertData): object {
  const isOfWindow = data.limit !== undefined && data.spent !== undefined;
  return {
    ...data,
    ...(isOfWindow && { windowStartsAt: isoTime(windowStartsAtMs), windowEndsAt: isoTime(windowEndsAtMs) }),
    ...(exhaustedAtMs !== undefined && { exhaustedAt: isoTime(exhaustedAtMs) }),
  };
}

function isoTime(unixMs: number | undefined): string | null {
  return unixMs === undefined ? null : new Date(unixMs).toISOString();
}
