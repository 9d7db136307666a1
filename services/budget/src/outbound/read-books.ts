// Reads the rows a batch needs, after locking their windows. Only what is read under the locks is trusted.
import { revisionOf } from "@waybill/domain";
import type { Client, Pool, Row } from "@waybill/store";
import { Books, bringUpToDate, type GrantState, type Raise, type SettledRecord, type Window } from "../core/books.ts";
import type { Needs } from "../core/needs.ts";
import { fromStoredBuckets, type Rolling } from "../core/rolling.ts";
import { fromStoredLine, type StoredLine } from "./stored-line.ts";

const MS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const LOCK_WINDOWS = `
  SELECT w.id, w.budget_id, b.template_value, b.origin, r.name, r.organisation_id, r.max_share_percent, r.unit, r.enforcement, r.raise_by,
    ${MS("r.raise_until")} AS raise_until_ms, ${MS("w.starts_at")} AS starts_at_ms, ${MS("w.ends_at")} AS ends_at_ms,
    w.limit_pico_usd, w.carried_in_pico_usd, w.carried_out_pico_usd, w.posted_pico_usd, w.held_pico_usd,
    w.granted_pico_usd, ${MS("w.no_credit_until")} AS no_credit_until_ms, w.bucket_first, w.buckets::text[] AS buckets
  FROM budget.budget_window w JOIN budget.budget b ON b.id = w.budget_id
  JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  WHERE w.id = ANY($1::bigint[]) ORDER BY w.id FOR UPDATE OF w`;

// What settles in a window whose rest was carried over goes on to the window that its budget began last.
const LAST_WINDOWS = `
  SELECT budget_id, max(id) AS id FROM budget.budget_window WHERE budget_id = ANY($1) GROUP BY budget_id`;

const READ_GRANTS = `
  SELECT grant_id, holder, budget_id, window_id, amount_pico_usd, cap_pico_usd, debited_pico_usd, state, is_reserve,
    ${MS("granted_at")} AS granted_at_ms, ${MS("expires_at")} AS expires_at_ms,
    ${MS("last_hold_ends_at")} AS last_hold_ends_at_ms
  FROM budget.credit_grant WHERE grant_id = ANY($1)`;

const READ_HOLDS = `
  SELECT attempt_id, holder, lines, message, ${MS("placed_at")} AS placed_at_ms,
    ${MS("expires_at")} AS expires_at_ms, ${MS("settled_at")} AS settled_at_ms
  FROM budget.hold WHERE attempt_id = ANY($1)`;

const READ_RECORDS = `
  SELECT record_id, attempt_id, ordinal, source, outcome, cost_pico_usd, cost_known, tokens
  FROM budget.settled_record WHERE attempt_id = ANY($1)`;

/** Rows were found whose windows are not locked: begin again with these as well. */
export class WindowsMissing extends Error {
  readonly windowIds: readonly bigint[];
  constructor(windowIds: readonly bigint[]) {
    super(`${windowIds.length} more windows have to be locked`);
    this.name = "WindowsMissing";
    this.windowIds = windowIds;
  }
}

const WINDOWS_OF_GRANTS = "SELECT DISTINCT window_id FROM budget.credit_grant WHERE grant_id = ANY($1)";

/** The windows of grants; a grant never changes its window, so no lock is needed to know. */
export async function windowsOfGrants(pool: Pool, grantIds: Iterable<string>): Promise<bigint[]> {
  const ids = [...grantIds];
  if (ids.length === 0) return [];
  const { rows } = await pool.query({ name: "windows-of-grants", text: WINDOWS_OF_GRANTS, values: [ids] });
  return rows.map((row: Row) => row.window_id as bigint);
}

/**
 * Locks the windows in id order, then reads. Throws WindowsMissing when a row belongs to a window that is not locked. One that was
 * looked for and is gone, as a limit's are after their time, is empty in the books, and what is changed in it is written nowhere:
 * the rest of the attempt must settle all the same.
 */
export async function readBooks(
  client: Client,
  needs: Needs,
  windowIds: ReadonlySet<bigint>,
): Promise<{ books: Books; nowMs: number }> {
  const books = new Books();
  const read = async (name: string, text: string, ids: Iterable<string | bigint>): Promise<Row[]> => {
    const values = [...ids];
    return values.length === 0 ? [] : (await client.query({ name, text, values: [values] })).rows;
  };
  const raises = new Map<Window, Raise>();
  for (const row of await read("lock-windows", LOCK_WINDOWS, windowIds))
    raises.set(putWindow(books, row), raiseOf(row));
  await findSuccessors(books, windowIds, (budgetIds) => read("last-windows", LAST_WINDOWS, budgetIds));
  for (const row of await read("read-grants", READ_GRANTS, needs.grantIds)) putGrant(books, row);
  // Records before holds. Two writers may settle one attempt under different windows, and each statement sees what was
  // committed before it began: whoever sees the other's record here sees his holds below, and whoever does not meets him
  // at the record's ordinal and begins again. The other way round a posting could be overlooked.
  for (const row of await read("read-records", READ_RECORDS, needs.attemptIds)) putRecord(books, row);
  for (const row of await read("read-holds", READ_HOLDS, needs.attemptIds)) putHolds(books, row);
  const missing = new Set<bigint>();
  for (const { windowId, budgetId } of [...books.holds(), ...books.grants.values()]) {
    if (books.windows.has(windowId)) continue;
    if (windowIds.has(windowId)) books.windows.set(windowId, goneWindow(windowId, budgetId));
    else missing.add(windowId);
  }
  if (missing.size > 0) throw new WindowsMissing([...missing]);
  const clock = await client.query({ name: "clock", text: `SELECT ${MS("budget.clock()")} AS now_ms` });
  const nowMs = clock.rows[0].now_ms as number;
  for (const [window, raise] of raises) bringUpToDate(window, raise, nowMs);
  return { books, nowMs };
}

function raiseOf(row: Row): Raise {
  return { byPicoUsd: BigInt(row.raise_by), untilMs: row.raise_until_ms ?? 0 };
}

async function findSuccessors(
  books: Books,
  windowIds: ReadonlySet<bigint>,
  lastOf: (budgetIds: string[]) => Promise<Row[]>,
): Promise<void> {
  const passed = [...books.windows.values()].filter(({ carriedOutPicoUsd }) => carriedOutPicoUsd !== undefined);
  const last = new Map<string, bigint>();
  for (const row of await lastOf(passed.map(({ budgetId }) => budgetId))) last.set(row.budget_id, row.id);
  const missing = [...last.values()].filter((id) => !windowIds.has(id));
  if (missing.length > 0) throw new WindowsMissing(missing);
  for (const window of passed) {
    const id = last.get(window.budgetId);
    if (id !== undefined && id !== window.id) window.successor = books.windows.get(id);
  }
}

function putWindow(books: Books, row: Row): Window {
  const startsAtMs = row.starts_at_ms as number;
  const window: Window = {
    id: row.id,
    budgetId: row.budget_id,
    budgetName: row.name,
    organisationId: row.organisation_id,
    isWatched: row.origin !== "limit",
    maxSharePercent: row.max_share_percent,
    unit: row.unit,
    enforcement: row.enforcement,
    templateValue: row.template_value,
    startsAtMs,
    endsAtMs: row.ends_at_ms ?? undefined,
    limitPicoUsd: BigInt(row.limit_pico_usd),
    carriedInPicoUsd: BigInt(row.carried_in_pico_usd),
    carriedOutPicoUsd: row.carried_out_pico_usd === null ? undefined : BigInt(row.carried_out_pico_usd),
    successor: undefined,
    raisedPicoUsd: 0n,
    postedPicoUsd: BigInt(row.posted_pico_usd),
    heldPicoUsd: BigInt(row.held_pico_usd),
    grantedPicoUsd: BigInt(row.granted_pico_usd),
    noCreditUntilMs: row.no_credit_until_ms ?? 0,
    isCreditStopped: false,
    rolling: rollingOf(startsAtMs, row),
    spentNow: 0n,
    change: "none",
  };
  books.windows.set(window.id, window);
  return window;
}

/** A rolling window is filed under the epoch less its length. */
export function rollingOf(startsAtMs: number, row: Row): Rolling | undefined {
  if (startsAtMs >= 0) return undefined;
  return fromStoredBuckets(-startsAtMs, Number(row.bucket_first), (row.buckets as string[]).map(BigInt));
}

function goneWindow(id: bigint, budgetId: string): Window {
  return {
    ...{ id, budgetId, budgetName: budgetId, maxSharePercent: 0, unit: "usd", enforcement: "hard", templateValue: "" },
    ...{ startsAtMs: 0, endsAtMs: 0, limitPicoUsd: 0n, carriedInPicoUsd: 0n, carriedOutPicoUsd: undefined },
    ...{ successor: undefined, raisedPicoUsd: 0n, postedPicoUsd: 0n, heldPicoUsd: 0n, grantedPicoUsd: 0n },
    ...{ organisationId: "", isWatched: false, rolling: undefined, spentNow: 0n, change: "none" },
    ...{ noCreditUntilMs: 0, isCreditStopped: false },
  };
}

function putGrant(books: Books, row: Row): void {
  books.grants.set(row.grant_id, {
    grantId: row.grant_id,
    holder: row.holder,
    budgetId: row.budget_id,
    windowId: row.window_id,
    amountPicoUsd: BigInt(row.amount_pico_usd),
    capPicoUsd: BigInt(row.cap_pico_usd),
    debitedPicoUsd: BigInt(row.debited_pico_usd),
    state: row.state as GrantState,
    grantedAtMs: row.granted_at_ms,
    expiresAtMs: row.expires_at_ms,
    lastHoldEndsAtMs: row.last_hold_ends_at_ms,
    isReserve: row.is_reserve,
    change: "none",
  });
}

function putHolds(books: Books, row: Row): void {
  for (const line of row.lines as StoredLine[]) {
    books.putHold({
      attemptId: row.attempt_id,
      holder: row.holder,
      ...fromStoredLine(line),
      placedAtMs: row.placed_at_ms,
      expiresAtMs: row.expires_at_ms,
      settledAtMs: row.settled_at_ms ?? undefined,
      message: row.message ?? undefined,
      change: "none",
    });
  }
}

function putRecord(books: Books, row: Row): void {
  books.putRecord({
    recordId: row.record_id,
    attemptId: row.attempt_id,
    ordinal: row.ordinal,
    source: row.source as SettledRecord["source"],
    revision: revisionOf(row.record_id),
    outcome: row.outcome,
    costPicoUsd: BigInt(row.cost_pico_usd),
    costKnown: row.cost_known,
    tokens: row.tokens === null ? undefined : BigInt(row.tokens),
    change: "none",
  });
}
