// Counters of limit nodes and of templates, made before the batch that first needs them, as far as their organisation has room.
import type { Pool, Row } from "@waybill/store";
import type { UnmadeCounter } from "../core/books.ts";
import type { WantedCounters } from "../core/needs.ts";
import type { LimitSpec } from "../core/operation.ts";

/** What those counters that exist say now, by id. */
type Amounts = ReadonlyMap<string, bigint>;

export interface LimitCounters {
  /**
   * Makes those that do not exist and gives limits' others their amount. Returns the ids of those that it tried to make or change.
   */
  make(pool: Pool, wanted: WantedCounters, amounts: Amounts): Promise<readonly string[]>;
  /** Those that are still missing have no room: for a moment nobody asks Postgres for another one of theirs. */
  wereFull(wanted: WantedCounters, amounts: Amounts): void;
  /** What is known of those that are missing. A counter of a template that is none any more is left out. */
  describe(pool: Pool, wanted: WantedCounters, amounts: Amounts): Promise<Map<string, UnmadeCounter>>;
}

const FULL_MS = 1_000;

const MAKE_LIMITS =
  "SELECT budget.make_limits($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::numeric[])";
const MAKE_COUNTERS = "SELECT budget.make_counters($1::text[], $2::text[], $3::text[])";
const TEMPLATES = `
  SELECT id, name, unit, enforcement, limit_pico_usd FROM budget.budget
  WHERE id = ANY($1) AND origin = 'admin' AND per <> ''`;

export function limitCounters(monotonicMs: () => number): LimitCounters {
  /** Organisation of limits, or template -> until when. */
  const full = new Map<string, number>();
  const hasRoom = (of: string): boolean => {
    const untilMs = full.get(of);
    if (untilMs === undefined) return true;
    if (monotonicMs() < untilMs) return false;
    full.delete(of);
    return true;
  };
  return {
    async make(pool, { limits, templates }, amounts) {
      const asked = [...limits].filter(([id, limit]) => {
        const amount = amounts.get(id);
        return amount === undefined ? hasRoom(roomOf(limit)) : amount !== limit.amount;
      });
      if (asked.length > 0) await pool.query({ name: "make-limits", text: MAKE_LIMITS, values: columnsOf(asked) });
      const counted = [...templates].filter(([id, { templateId }]) => !amounts.has(id) && hasRoom(templateId));
      if (counted.length > 0) {
        const [templateIds, values] = [counted.map(([, t]) => t.templateId), counted.map(([, t]) => t.value)];
        const columns = [counted.map(([id]) => id), templateIds, values];
        await pool.query({ name: "make-counters", text: MAKE_COUNTERS, values: columns });
      }
      return [...asked, ...counted].map(([id]) => id);
    },
    wereFull({ limits, templates }, amounts) {
      const untilMs = monotonicMs() + FULL_MS;
      for (const [id, limit] of limits) if (!amounts.has(id)) full.set(roomOf(limit), untilMs);
      for (const [id, { templateId }] of templates) if (!amounts.has(id)) full.set(templateId, untilMs);
    },
    async describe(pool, { limits, templates }, amounts) {
      const unmade = new Map<string, UnmadeCounter>();
      for (const [id, { name, unit, amount }] of limits) {
        if (amounts.has(id)) continue;
        unmade.set(id, { name, templateValue: "", unit, enforcement: "hard", limitPicoUsd: amount });
      }
      const missing = [...templates].filter(([id]) => !amounts.has(id));
      if (missing.length === 0) return unmade;
      const ids = [...new Set(missing.map(([, { templateId }]) => templateId))];
      const { rows } = await pool.query<Row>({ name: "templates", text: TEMPLATES, values: [ids] });
      const known = new Map(rows.map((row) => [row.id as string, row]));
      for (const [id, { templateId, value }] of missing) {
        const row = known.get(templateId);
        if (!row) continue;
        const { name, unit, enforcement, limit_pico_usd } = row;
        unmade.set(id, { name, templateValue: value, unit, enforcement, limitPicoUsd: BigInt(limit_pico_usd) });
      }
      return unmade;
    },
  };
}

const roomOf = ({ organisationId }: LimitSpec): string => `limits of ${organisationId}`;

function columnsOf(limits: readonly [string, LimitSpec][]): unknown[] {
  const column = (read: (limit: LimitSpec) => unknown): unknown[] => limits.map(([, limit]) => read(limit));
  return [
    limits.map(([id]) => id),
    column(({ name }) => name),
    column(({ organisationId }) => organisationId),
    column(({ route }) => route),
    column(({ unit }) => unit),
    column(({ windowKind }) => windowKind),
    column(({ windowSeconds }) => windowSeconds),
    column(({ amount }) => amount),
  ];
}
