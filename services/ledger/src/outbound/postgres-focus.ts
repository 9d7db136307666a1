// Rows of finance.focus_1_4 as texts, a day after the other.
import type { Pool, Row } from "@waybill/store";
import { FocusColumn, FocusRow, ListFocusRowsResponse } from "@waybill/wire";
import { AI_COLUMNS, FOCUS_COLUMNS, type FocusKind, type FocusPlace, writeFocusCursor } from "../core/focus-columns.ts";

/** About a kilobyte each, so that a page stays far below a message's largest size. */
const ROWS_MAX = 1_000;

const TEXT: Readonly<Record<FocusKind, (sql: string) => string>> = {
  text: (sql) => sql,
  time: (sql) => `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
  decimal: (sql) => `trim_scale(${sql})::text`,
  integer: (sql) => `(${sql})::text`,
};

// What is left of a day's order is of rows that say the same.
const ORDER = `"SkuPriceId", "SkuId", "BillingAccountId", "x_OrganisationId", "SubAccountId", "ResourceId", "x_RouteVersion", "Tags", "BilledCost"`;

const FIRST_DAY = `
  SELECT to_char(min(day), 'YYYY-MM-DD') AS day FROM ledger.usage_day WHERE accounting_month = $1 AND ($2 = '' OR day > $2::date)`;

interface FocusQuestion {
  /** Empty: of all. */
  organisationId: string;
  /** Its first day, "2026-11-01". */
  month: string;
  aiColumns: boolean;
  place: FocusPlace;
}

export interface Focus {
  page(question: FocusQuestion): Promise<ListFocusRowsResponse>;
}

export function postgresFocus(pool: Pool): Focus {
  const dayAfter = async (month: string, day: string): Promise<string> => {
    const { rows } = await pool.query<{ day: string | null }>(FIRST_DAY, [month, day]);
    return rows[0]?.day ?? "";
  };
  return {
    async page({ organisationId, month, aiColumns, place }) {
      const columns = [
        ...FOCUS_COLUMNS.map((one) => ({ ...one, sql: `"${one.name}"` })),
        ...(aiColumns ? AI_COLUMNS : []),
      ];
      const shown = columns.map(({ name, kind, required }) => FocusColumn.create({ name, kind, required }));
      const day = place.day || (await dayAfter(month, ""));
      if (day === "") return ListFocusRowsResponse.create({ columns: shown });
      const text = `
        SELECT ${columns.map(({ kind, sql }, index) => `${TEXT[kind](sql)} AS c${index}`).join(", ")} FROM finance.focus_1_4
        WHERE "BillingPeriodStart" = $1::date::timestamp AT TIME ZONE 'UTC'
          AND "ChargePeriodStart" = $2::date::timestamp AT TIME ZONE 'UTC' AND ($3 = '' OR "x_OrganisationId" = $3)
        ORDER BY ${ORDER} OFFSET $4 LIMIT ${ROWS_MAX + 1}`;
      const { rows } = await pool.query(text, [month, day, organisationId, place.offset]);
      const more = rows.length > ROWS_MAX;
      const next = more ? day : await dayAfter(month, day);
      return ListFocusRowsResponse.create({
        columns: shown,
        rows: rows.slice(0, ROWS_MAX).map((row) => toRow(row, columns.length)),
        nextCursor: next === "" ? "" : writeFocusCursor({ day: next, offset: more ? place.offset + ROWS_MAX : 0 }),
      });
    },
  };
}

function toRow(row: Row, count: number): FocusRow {
  const values = Array.from({ length: count }, (_, index): string | null => row[`c${index}`]);
  const absent = values.flatMap((value, index) => (value === null ? [index] : []));
  return FocusRow.create({ values: values.map((value) => value ?? ""), absent });
}
