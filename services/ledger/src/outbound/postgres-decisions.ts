// Decisions in Postgres: kept once, listed newest first with what their attempts cost, forgotten when old.
import { type Pool, type Row, transact } from "@waybill/store";
import type { AttemptCost, DecisionWithCost } from "@waybill/wire";
import type { DecisionCursor } from "../core/decision-page.ts";
import type { DecisionRow, FindingRow } from "../core/decision-row.ts";
import { type DecisionFilter, decisionConditions } from "./decision-conditions.ts";
import { ATTEMPT_COLUMNS, toCost, toDecision } from "./decision-rows.ts";
import { refusal } from "./refusal.ts";

/** Each column with its type on the wire, and how the row says it. */
const COLUMNS: readonly { name: string; type: string; stored?: string; of(row: DecisionRow): unknown }[] = [
  { name: "request_id", type: "uuid", of: ({ requestId }) => requestId },
  { name: "attempt", type: "smallint", of: ({ attempt }) => attempt },
  { name: "request_month", type: "date", of: ({ requestMonth }) => requestMonth },
  {
    ...{ name: "decided_at", type: "float8", stored: "to_timestamp(decided_at / 1000)" },
    of: ({ decidedAtMs }) => decidedAtMs,
  },
  { name: "organisation_id", type: "text", of: ({ organisationId }) => organisationId },
  { name: "team_id", type: "text", of: ({ teamId }) => teamId },
  { name: "user_id", type: "text", of: ({ userId }) => userId },
  { name: "key_id", type: "text", of: ({ keyId }) => keyId },
  { name: "end_user_id", type: "text", of: ({ endUserId }) => endUserId },
  { name: "requested_model", type: "text", of: ({ requestedModel }) => requestedModel },
  { name: "route", type: "text", of: ({ route }) => route },
  { name: "route_version", type: "bigint", of: ({ routeVersion }) => routeVersion },
  // An array of arrays has to be as long in every row; so a path comes as one text.
  { name: "path", type: "text", stored: "string_to_array(path, chr(31))", of: ({ path }) => path },
  { name: "reason", type: "text", of: ({ reason }) => reason },
  { name: "provider", type: "text", of: ({ provider }) => provider },
  { name: "model", type: "text", of: ({ model }) => model },
  { name: "refusal_code", type: "text", of: ({ refusalCode }) => refusalCode },
  { name: "session", type: "text", of: ({ session }) => session },
  { name: "tags", type: "text", stored: "tags::jsonb", of: ({ tags }) => JSON.stringify(tags) },
  { name: "took_us", type: "bigint", of: ({ tookUs }) => tookUs },
  { name: "record", type: "bytea", of: ({ record }) => Buffer.from(record.buffer, record.byteOffset, record.length) },
];

const NAMES = COLUMNS.map(({ name }) => name).join(", ");
// In key order, so that two ledgers that keep the same decisions never wait for each other in a circle.
const KEEP = {
  name: "keep-decisions",
  text: `INSERT INTO requests.decision (${NAMES})
    SELECT ${COLUMNS.map(({ name, stored }) => stored ?? name).join(", ")}
    FROM unnest(${COLUMNS.map(({ type }, index) => `$${index + 1}::${type}[]`).join(", ")}) AS d (${NAMES})
    ORDER BY request_month, request_id, attempt ON CONFLICT DO NOTHING`,
};

const KEEP_FINDINGS = {
  name: "keep-answer-findings",
  text: `INSERT INTO requests.answer_finding
      (request_id, attempt, request_month, found_at, organisation_id, filter, kind, action, findings)
    SELECT request_id, attempt, request_month, to_timestamp(found_at / 1000), organisation_id, filter, kind, action, findings
    FROM unnest($1::uuid[], $2::smallint[], $3::date[], $4::float8[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
      AS f (request_id, attempt, request_month, found_at, organisation_id, filter, kind, action, findings)
    ORDER BY request_month, request_id, attempt, filter, kind, action ON CONFLICT DO NOTHING`,
};

// The entry that stands is the last one of its attempt.
const WITH_COST = `
  SELECT d.record, d.request_id, d.attempt, (extract(epoch FROM d.decided_at) * 1000)::bigint AS decided_at_ms, e.*, f.found
  FROM requests.decision d
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('filter', filter, 'kind', kind, 'action', action, 'count', findings)
      ORDER BY filter, kind, action) AS found FROM requests.answer_finding
    WHERE request_month = d.request_month AND request_id = d.request_id AND attempt = d.attempt) f ON true
  LEFT JOIN LATERAL (
    SELECT ${ATTEMPT_COLUMNS} FROM ledger.entry_whole
    WHERE request_month = d.request_month AND request_id = d.request_id AND attempt = d.attempt
    ORDER BY sequence DESC LIMIT 1) e ON true`;

// The newest first through an index that has them in this order, stopping at the end of the page: to collect all that match and
// sort them costs as much as there are, and without knowing the values the planner cannot tell how many.
const PLAN_IN_ORDER =
  "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";

const ATTEMPTS_OF_REQUEST = `
  SELECT DISTINCT ON (attempt) request_id, attempt, organisation_id, ${ATTEMPT_COLUMNS}
  FROM ledger.entry_whole WHERE request_month = $1 AND request_id = $2 ORDER BY attempt, sequence DESC`;

const FORGET = `
  DELETE FROM requests.decision WHERE (request_month, request_id, attempt) IN (
    SELECT request_month, request_id, attempt FROM requests.decision WHERE decided_at < now() - make_interval(days => $1)
    ORDER BY decided_at LIMIT $2)`;
const FORGET_FINDINGS = `
  DELETE FROM requests.answer_finding WHERE (request_month, request_id, attempt, filter, kind, action) IN (
    SELECT request_month, request_id, attempt, filter, kind, action FROM requests.answer_finding
    WHERE found_at < now() - make_interval(days => $1) ORDER BY found_at LIMIT $2)`;
const FORGET_ROUND = 5_000;
/** More than what the books say about an attempt takes. */
const COST_BYTES = 1_024;

export interface Decisions {
  /** Returns how many were not there. Throws BooksRefused for values that can never be kept. */
  keep(rows: readonly DecisionRow[]): Promise<number>;
  /** The same for what was found in answers. */
  keepFindings(rows: readonly FindingRow[]): Promise<number>;
  list(filter: DecisionFilter, after: DecisionCursor | undefined, limit: number): Promise<ListedDecision[]>;
  /** Attempts in order; those on the books without a decision, too. `organisationId` empty: whoever's it is. */
  ofRequest(requestId: string, requestMonth: string, organisationId: string): Promise<RequestRows>;
  /** Forgets a few; true: there may be more. */
  forget(olderThanDays: number): Promise<boolean>;
}

interface ListedDecision {
  cursor: DecisionCursor;
  /** About as much as it takes in an answer. */
  bytes: number;
  decision: DecisionWithCost;
}

interface RequestRows {
  decisions: DecisionWithCost[];
  otherAttempts: AttemptCost[];
}

export function postgresDecisions(pool: Pool): Decisions {
  return {
    async keep(rows) {
      try {
        const { rowCount } = await pool.query({ ...KEEP, values: COLUMNS.map(({ of }) => rows.map(of)) });
        return rowCount ?? 0;
      } catch (error) {
        throw refusal(error) ?? error;
      }
    },
    async keepFindings(rows) {
      const column = (of: (row: FindingRow) => unknown): unknown[] => rows.map(of);
      const values = [
        column(({ requestId }) => requestId),
        column(({ attempt }) => attempt),
        column(({ requestMonth }) => requestMonth),
        column(({ foundAtMs }) => foundAtMs),
        column(({ organisationId }) => organisationId),
        column(({ filter }) => filter),
        column(({ kind }) => kind),
        column(({ action }) => action),
        column(({ findings }) => findings),
      ];
      try {
        return (await pool.query({ ...KEEP_FINDINGS, values })).rowCount ?? 0;
      } catch (error) {
        throw refusal(error) ?? error;
      }
    },
    async list(filter, after, limit) {
      const { where, values } = decisionConditions(filter, after);
      const text = `${WITH_COST} WHERE ${where} ORDER BY d.decided_at DESC, d.request_id DESC, d.attempt DESC LIMIT ${limit}`;
      const { rows } = await transact(pool, async (client) => {
        await client.query(PLAN_IN_ORDER);
        return client.query<Row>(text, values);
      });
      return rows.map((row) => ({
        cursor: { decidedAtMs: Number(row.decided_at_ms), requestId: row.request_id, attempt: row.attempt },
        bytes: row.record.length + COST_BYTES,
        decision: toDecision(row),
      }));
    },
    async ofRequest(requestId, requestMonth, organisationId) {
      const decided = await pool.query<Row>(
        `${WITH_COST} WHERE d.request_month = $1 AND d.request_id = $2 AND ($3 = '' OR d.organisation_id = $3)
          ORDER BY d.attempt`,
        [requestMonth, requestId, organisationId],
      );
      const booked = await pool.query<Row>(ATTEMPTS_OF_REQUEST, [requestMonth, requestId]);
      const known = new Set(decided.rows.map(({ attempt }) => attempt));
      const others = booked.rows.filter(
        (row) => !known.has(row.attempt) && (organisationId === "" || row.organisation_id === organisationId),
      );
      return { decisions: decided.rows.map(toDecision), otherAttempts: others.flatMap((row) => toCost(row) ?? []) };
    },
    async forget(olderThanDays) {
      const decisions = await pool.query(FORGET, [olderThanDays, FORGET_ROUND]);
      const findings = await pool.query(FORGET_FINDINGS, [olderThanDays, FORGET_ROUND]);
      return decisions.rowCount === FORGET_ROUND || findings.rowCount === FORGET_ROUND;
    },
  };
}
