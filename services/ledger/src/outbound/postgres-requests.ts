// The log of requests in Postgres: the newest first, by anything. A search walks back through the keys, which are in the order of time,
// a few thousand at a time, and is given up when its time is over: what it found by then is a page, from whose end the next goes on.
import { firstUuidOf } from "@waybill/domain";
import { systemClock } from "@waybill/service";
import type { Pool, Row } from "@waybill/store";
import type { RequestSummary } from "@waybill/wire";
import { type RareRows, type RequestFilter, rareRowsOf } from "../core/request-filter.ts";
import { type SearchPlace, type Stretch, stretchBefore, timeOfId } from "../core/request-pages.ts";
import {
  attemptCondition,
  callerCondition,
  DECISION_ROWS,
  ENTRY_ROWS,
  Parameters,
  requestCondition,
} from "./request-conditions.ts";
import { NOT_BOOKED, requestRows, STANDING_ORDER, WITH_DIMENSIONS } from "./request-rows.ts";

/** A search begins no further step when it has taken so long. */
const SEARCH_MS = 1_000;
/** Entries, and as many decisions, that a step looks at: at first, and after a few steps that found too little. */
const STEP_ROWS = 2_000;
const STEP_ROWS_MAX = 32_000;
const STEP_GROWTH = 4;
/** What a step should take. */
const STEP_MS = 100;
/** Of rows that are rare. */
const RARE_ROWS = 2_000;
/** Of the entry that stands of an attempt, what conditions are about. */
const ASKED = `DISTINCT ON (request_id, attempt) request_id, attempt, attribution_id, routing_id, end_user_id, session, tags, outcome,
  error_code, finish_reason, cost_usd, state, suspect`;
/** Longer than any request takes, with all of its attempts: what is not on the books by then was lost, and is no longer under way. */
const PENDING_MS = 3_600_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface SearchedRequests {
  requests: RequestSummary[];
  /** Everything from here on, and before the place that was asked for, was looked at; or as much as filled the page. */
  beforeId: string;
  /** Nothing is left to look at. */
  isOver: boolean;
}

export interface Requests {
  /** At most `limit`, and fewer where time was over. */
  search(filter: RequestFilter, place: SearchPlace, limit: number): Promise<SearchedRequests>;
  /** Undefined: neither attempts nor refusals are known of it, or it is so old that nobody will know more of it. */
  one(requestId: string, month: string): Promise<RequestSummary | undefined>;
}

export function postgresRequests(pool: Pool): Requests {
  return {
    search: (filter, place, limit) => new Search(pool, filter, limit).from(place),
    async one(requestId, month) {
      const [row] = await requestRows(pool, month, [requestId], firstUuidOf(0));
      return row;
    },
  };
}

/** What a step looked at. */
interface Step {
  /** That match, the newest first; no more than were wanted. */
  ids: string[];
  /** Everything from here on was looked at. */
  fromId: string;
}

class Search {
  readonly #pool: Pool;
  readonly #filter: RequestFilter;
  readonly #limit: number;
  readonly #rare: readonly RareRows[] | undefined;
  readonly #startedAtMs = systemClock.monotonicMs();
  readonly #pendingFromId = firstUuidOf(systemClock.unixMs() - PENDING_MS);
  #stepRows = STEP_ROWS;
  #isFirstStep = true;
  /** Between here and where the search is now no entry matches; undefined: not asked yet. */
  #entriesEnd: string | undefined;

  constructor(pool: Pool, filter: RequestFilter, limit: number) {
    this.#pool = pool;
    this.#filter = filter;
    this.#limit = limit;
    this.#rare = rareRowsOf(filter);
  }

  async from(place: SearchPlace): Promise<SearchedRequests> {
    const requests: RequestSummary[] = [];
    let { beforeId } = place;
    for (;;) {
      const stretch = stretchBefore({ ...place, beforeId });
      if (!stretch) return { requests, beforeId, isOver: true };
      const wanted = this.#limit - requests.length;
      const startedAtMs = systemClock.monotonicMs();
      const { ids, fromId } = await this.#step(stretch, beforeId, wanted);
      this.#pace(systemClock.monotonicMs() - startedAtMs);
      requests.push(...(await requestRows(this.#pool, stretch.month, ids, this.#pendingFromId)));
      const isFull = ids.length === wanted;
      beforeId = (isFull ? ids.at(-1) : undefined) ?? fromId;
      if (isFull) return { requests, beforeId, isOver: false };
      if (systemClock.monotonicMs() - this.#startedAtMs > SEARCH_MS) {
        return { requests, beforeId, isOver: stretchBefore({ ...place, beforeId }) === undefined };
      }
    }
  }

  async #step(stretch: Stretch, beforeId: string, wanted: number): Promise<Step> {
    if (this.#rare) {
      const { ids, fromId } = await this.#rareIds(this.#rare, stretch, beforeId);
      return { ids: ids.length === 0 ? [] : await this.#matchingOf(stretch, ids, wanted), fromId };
    }
    if (!this.#isFirstStep && (this.#entriesEnd === undefined || beforeId <= this.#entriesEnd)) {
      this.#entriesEnd = await this.#endOfEntries(stretch, beforeId);
    }
    const entriesBeforeId = this.#entriesEnd ?? beforeId;
    const range = { stretch, beforeId, entriesBeforeId };
    const fromId = await this.#reach(range);
    this.#isFirstStep = false;
    return { ids: await this.#matchingIn({ ...range, fromId }, wanted), fromId };
  }

  /** A busy database gets shorter steps, so that an answer comes in time. */
  #pace(tookMs: number): void {
    if (tookMs < STEP_MS) this.#stepRows = Math.min(this.#stepRows * STEP_GROWTH, STEP_ROWS_MAX);
    else if (tookMs > STEP_MS * 2) this.#stepRows = Math.max(Math.floor(this.#stepRows / STEP_GROWTH), STEP_ROWS);
  }

  /** How far back a step may go, so that it looks at no more rows than it is to. */
  async #reach({ stretch, beforeId, entriesBeforeId }: Range): Promise<string> {
    const parameters = new Parameters();
    const [month, from] = [parameters.add(stretch.month), parameters.add(stretch.fromId)];
    const [before, rows] = [parameters.add(beforeId), parameters.add(this.#stepRows)];
    const farthest = (table: string, beginning: string, end: string, condition: string): string =>
      `(SELECT request_id FROM ${table} WHERE request_month = ${month} AND request_id >= ${beginning} AND request_id < ${end}
        ${condition} ORDER BY request_id DESC OFFSET ${rows} LIMIT 1)`;
    const reaches = [
      farthest("ledger.entry", from, parameters.add(entriesBeforeId), ""),
      farthest("requests.decision", from, before, "AND refusal_code <> ''"),
    ];
    if (beforeId > this.#pendingFromId) {
      const pendingFrom = `greatest(${from}::uuid, ${parameters.add(this.#pendingFromId)}::uuid)`;
      reaches.push(farthest("requests.decision", pendingFrom, before, ""));
    }
    const text = `SELECT greatest(${reaches.join(", ")}) AS reach`;
    const { rows: found } = await this.#pool.query<Row>(text, parameters.values);
    return found[0]?.reach ?? stretch.fromId;
  }

  /**
   * Where the entries end that may match: behind the latest day, and of it the latest hour, in whose sums there are any. So times in which
   * a team, a key or a model was not used cost nearly nothing.
   */
  async #endOfEntries(stretch: Stretch, beforeId: string): Promise<string> {
    const [fromMs, untilMs] = [timeOfId(stretch.fromId), timeOfId(beforeId)];
    const day = await this.#latest("day", stretch.month, fromMs, untilMs);
    if (day === "any") return beforeId;
    if (day === undefined) return stretch.fromId;
    const hour = await this.#latest("hour", stretch.month, Math.max(fromMs, day), Math.min(untilMs, day + DAY_MS - 1));
    if (hour === "any") return beforeId;
    const end = firstUuidOf(hour === undefined ? Math.max(fromMs, day) : hour + HOUR_MS);
    return end < beforeId ? end : beforeId;
  }

  /** The latest one, whole or in part within that time, in whose sums there is what may match; "any": sums do not tell. */
  async #latest(
    unit: "day" | "hour",
    month: string,
    fromMs: number,
    untilMs: number,
  ): Promise<number | "any" | undefined> {
    const filter = { ...this.#filter, endUserId: "", session: "", tags: {}, errorCode: "", finishReason: "" };
    const parameters = new Parameters();
    const ofCaller = callerCondition(filter, ENTRY_ROWS, parameters);
    // Of all attempts of a request the caller is the same; the attempt that is meant need not be the one by which the caller is known.
    const condition = ofCaller === "true" ? attemptCondition(filter, ENTRY_ROWS, parameters) : ofCaller;
    if (condition === "true") return "any";
    const unitMs = { day: DAY_MS, hour: HOUR_MS }[unit];
    const at = (timeMs: number): string => {
      const time = new Date(Math.floor(timeMs / unitMs) * unitMs).toISOString();
      return parameters.add(unit === "day" ? time.slice(0, 10) : time);
    };
    const text = `SELECT (extract(epoch FROM e.${unit}) * 1000)::bigint AS found_ms FROM ledger.usage_${unit} e ${WITH_DIMENSIONS}
      WHERE e.request_month = ${parameters.add(month)} AND e.${unit} >= ${at(fromMs)} AND e.${unit} <= ${at(untilMs)} AND ${condition}
      ORDER BY e.${unit} DESC LIMIT 1`;
    const { rows } = await this.#pool.query<Row>(text, parameters.values);
    return rows[0] && Number(rows[0].found_ms);
  }

  #matchingIn(
    { stretch, beforeId, entriesBeforeId, fromId }: Range & { fromId: string },
    wanted: number,
  ): Promise<string[]> {
    const parameters = new Parameters();
    const from = parameters.add(fromId);
    return this.#matching(stretch.month, parameters, wanted, {
      entries: `request_id >= ${from} AND request_id < ${parameters.add(entriesBeforeId)}`,
      decisions: `d.request_id >= ${from} AND d.request_id < ${parameters.add(beforeId)}`,
      mayBePending: beforeId > this.#pendingFromId,
    });
  }

  #matchingOf({ month }: Stretch, ids: readonly string[], wanted: number): Promise<string[]> {
    const parameters = new Parameters();
    const these = parameters.add(ids);
    return this.#matching(month, parameters, wanted, {
      entries: `request_id = ANY (${these})`,
      decisions: `d.request_id = ANY (${these})`,
      mayBePending: (ids[0] ?? "") > this.#pendingFromId,
    });
  }

  async #matching(month: string, parameters: Parameters, wanted: number, scope: Scope): Promise<string[]> {
    const ofMonth = parameters.add(month);
    const decisions = (condition: string): string => `
      SELECT d.request_id, d.attempt, d.refusal_code <> '', d.refusal_code,
        ${callerCondition(this.#filter, DECISION_ROWS, parameters)}, ${attemptCondition(this.#filter, DECISION_ROWS, parameters)},
        NULL, false, false
      FROM requests.decision d WHERE d.request_month = ${ofMonth} AND ${scope.decisions} AND ${condition}`;
    const parts = [
      `SELECT e.request_id, e.attempt, false AS is_refused, '' AS refusal_code,
        ${callerCondition(this.#filter, ENTRY_ROWS, parameters)} AS is_callers,
        ${attemptCondition(this.#filter, ENTRY_ROWS, parameters)} AS fits,
        e.cost_usd, e.state = 'unpriced' AS is_unpriced, e.suspect
      FROM (SELECT ${ASKED} FROM ledger.entry WHERE request_month = ${ofMonth} AND ${scope.entries} ORDER BY ${STANDING_ORDER}) e
      ${WITH_DIMENSIONS}`,
      decisions("d.refusal_code <> ''"),
    ];
    if (scope.mayBePending) {
      const pendingFrom = parameters.add(this.#pendingFromId);
      parts.push(decisions(`d.refusal_code = '' AND d.request_id >= ${pendingFrom} AND ${NOT_BOOKED}`));
    }
    const text = `SELECT request_id FROM (${parts.join(" UNION ALL ")}) part GROUP BY request_id
      HAVING ${requestCondition(this.#filter, parameters)} ORDER BY request_id DESC LIMIT ${wanted}`;
    const { rows } = await this.#pool.query<Row>(text, parameters.values);
    return rows.map(({ request_id }) => request_id);
  }

  /** The requests of rows that are rare, the newest first, as far as each kind of row was read. */
  async #rareIds(kinds: readonly RareRows[], stretch: Stretch, beforeId: string): Promise<Step> {
    const found = new Set<string>();
    let fromId = stretch.fromId;
    for (const kind of kinds) {
      const parameters = new Parameters();
      const { table, condition } = RARE[kind];
      const from = kind === "pending" ? later(stretch.fromId, this.#pendingFromId) : stretch.fromId;
      const text = `SELECT d.request_id FROM ${table} d WHERE d.request_month = ${parameters.add(stretch.month)}
        AND d.request_id >= ${parameters.add(from)} AND d.request_id < ${parameters.add(beforeId)} AND ${condition}
        ORDER BY d.request_id DESC LIMIT ${RARE_ROWS}`;
      const { rows } = await this.#pool.query<Row>(text, parameters.values);
      for (const { request_id } of rows) found.add(request_id);
      if (rows.length === RARE_ROWS) fromId = later(fromId, rows.at(-1)?.request_id ?? fromId);
    }
    const ids = [...found].filter((id) => id >= fromId).sort();
    return { ids: ids.reverse(), fromId };
  }
}

interface Range {
  stretch: Stretch;
  beforeId: string;
  entriesBeforeId: string;
}

/** Which entries, and which decisions `d`. */
interface Scope {
  entries: string;
  decisions: string;
  mayBePending: boolean;
}

/** Each has an index; the conditions are those of the indexes. */
const RARE: Readonly<Record<RareRows, { table: string; condition: string }>> = {
  unpriced: { table: "ledger.entry", condition: "d.state = 'unpriced'" },
  suspect: { table: "ledger.entry", condition: "d.suspect" },
  failed: { table: "ledger.entry", condition: "d.outcome <> 'success'" },
  repeated: { table: "ledger.entry", condition: "d.attempt > 1" },
  refused: { table: "requests.decision", condition: "d.refusal_code <> ''" },
  pending: { table: "requests.decision", condition: `d.refusal_code = '' AND ${NOT_BOOKED}` },
};

function later(one: string, other: string): string {
  return one > other ? one : other;
}
