// Reads what is known of a lost attempt or grant and publishes its record on USAGE, where it settles like any other.
import type { Publisher } from "@waybill/bus";
import { uuidV7TimeMs } from "@waybill/domain";
import type { Pool, Row } from "@waybill/store";
import { JournaledAttempt, subjects, UsageRecord } from "@waybill/wire";
import type { Enforcement, Unit } from "../core/operation.ts";
import type { LostRecords } from "../ports.ts";
import { type LostLine, lostAttemptRecord, lostGrantRecord } from "./lost-record.ts";
import { fromStoredLine, type StoredLine } from "./stored-line.ts";
import { toWireUnit } from "./to-wire-budget.ts";

const PUBLISH_TIMEOUT_MS = 5_000;

// An attempt may be held by several router incarnations; the last one's hold went with the waybill. What the attempt's stream needed
// beyond it stands under "<holder>+<number>".
const READ_HOLD = `
  SELECT h.holder, h.lines, h.message, b.organisation_id,
    (SELECT jsonb_object_agg(c.id, jsonb_build_array(r.unit, r.enforcement)) FROM budget.budget c
     JOIN budget.budget r ON r.id = coalesce(c.template_id, c.id)
     WHERE c.id IN (SELECT line ->> 'budget' FROM jsonb_array_elements(h.lines) AS line)) AS kinds,
    (SELECT coalesce(jsonb_agg(line), '[]') FROM budget.hold e, jsonb_array_elements(e.lines) AS line
     WHERE e.attempt_id = h.attempt_id AND starts_with(e.holder, h.holder || '+')) AS extensions
  FROM budget.hold h LEFT JOIN budget.budget b ON b.id = h.lines -> 0 ->> 'budget'
  WHERE h.attempt_id = $1 AND h.settled_at IS NULL
  ORDER BY strpos(h.holder, '+') > 0, h.placed_at DESC, h.holder LIMIT 1`;

const READ_GRANT = `
  SELECT g.grant_id, g.holder, g.budget_id, g.window_id, g.cap_pico_usd - g.debited_pico_usd AS rest, b.organisation_id,
    r.unit, r.enforcement
  FROM budget.credit_grant g JOIN budget.budget b ON b.id = g.budget_id
  JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  WHERE g.grant_id = $1 AND g.cap_pico_usd > g.debited_pico_usd`;

export function publishLost(pool: Pool, publisher: Publisher, unixMs: () => number): LostRecords {
  const publish = async (record: UsageRecord): Promise<boolean> => {
    const outcome = await publisher.publish({
      subject: subjects.usage(record.attribution?.organisationId ?? ""),
      data: UsageRecord.encode(record).finish(),
      id: record.recordId,
      timeoutMs: PUBLISH_TIMEOUT_MS,
    });
    return outcome.kind === "stored";
  };
  return {
    async closeAttempt(attemptId, outcome) {
      const { rows } = await pool.query<Row>(READ_HOLD, [attemptId]);
      const [row] = rows;
      if (!row) return false;
      const message = row.message as Buffer | null;
      const journaled = message && message.length > 0 ? JournaledAttempt.decode(message) : undefined;
      const kinds = (row.kinds ?? {}) as Record<string, [Unit, Enforcement]>;
      const toLine = (stored: StoredLine): LostLine => {
        const { budgetId, windowId, grantId, amountPicoUsd } = fromStoredLine(stored);
        // A counter that is forgotten counts as hard, and as money.
        const [unit, enforcement] = kinds[budgetId] ?? ["usd", "hard"];
        return {
          ...{ budgetId, windowId, grantId, amountPicoUsd },
          ...{ unit: toWireUnit(unit), hard: enforcement === "hard" },
        };
      };
      const lines = (row.lines as StoredLine[]).map(toLine);
      const extensions = (row.extensions as StoredLine[]).map(toLine);
      const hold = { holder: row.holder as string, lines, extensions };
      return publish(lostAttemptRecord(attemptId, outcome, hold, journaled, row.organisation_id ?? "", unixMs()));
    },
    async closeGrant(grantId) {
      const { rows } = await pool.query<Row>(READ_GRANT, [grantId]);
      const [row] = rows;
      // A record needs an id with a time in it; grants are only made with one.
      if (!row || uuidV7TimeMs(grantId) === undefined) return false;
      const grant = {
        grantId,
        holder: row.holder as string,
        budgetId: row.budget_id as string,
        windowId: row.window_id as bigint,
        restPicoUsd: BigInt(row.rest),
        unit: toWireUnit(row.unit),
        hard: row.enforcement === "hard",
      };
      return publish(lostGrantRecord(grant, row.organisation_id, unixMs()));
    },
  };
}
