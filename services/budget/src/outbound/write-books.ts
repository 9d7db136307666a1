// Writes what a batch changed: one statement per table and kind of change, however many rows.
import { type Client, copyIn, copyLine } from "@waybill/store";
import type { Books, Change, Hold, Window } from "../core/books.ts";
import { toStoredBuckets } from "../core/rolling.ts";
import { toStoredLines } from "./stored-line.ts";
import { writeSpend } from "./write-spend.ts";

const UPDATE_WINDOWS = `
  UPDATE budget.budget_window w
  SET posted_pico_usd = c.posted, held_pico_usd = c.held, granted_pico_usd = c.granted, changed_at = budget.clock()
  FROM unnest($1::bigint[], $2::numeric[], $3::numeric[], $4::numeric[]) AS c (id, posted, held, granted)
  WHERE w.id = c.id`;

// The same of windows that carry over or roll, which others need not pay for.
const UPDATE_WINDOWS_WHOLE = `
  UPDATE budget.budget_window w
  SET posted_pico_usd = c.posted, held_pico_usd = c.held, granted_pico_usd = c.granted, changed_at = budget.clock(),
    carried_in_pico_usd = c.carried_in, carried_out_pico_usd = c.carried_out, bucket_first = c.first,
    buckets = c.buckets::numeric[]
  FROM unnest($1::bigint[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::bigint[],
    $8::text[]) AS c (id, posted, held, granted, carried_in, carried_out, first, buckets)
  WHERE w.id = c.id`;

const STOP_CREDIT = `
  UPDATE budget.budget_window w SET no_credit_until = to_timestamp(c.until_ms / 1000)
  FROM unnest($1::bigint[], $2::float8[]) AS c (id, until_ms) WHERE w.id = c.id`;

const INSERT_GRANTS = `
  INSERT INTO budget.credit_grant (grant_id, holder, budget_id, window_id, amount_pico_usd, cap_pico_usd,
    debited_pico_usd, state, granted_at, expires_at, last_hold_ends_at, is_reserve)
  SELECT g.grant_id, g.holder, g.budget_id, g.window_id, g.amount, g.cap, g.debited, g.state,
    to_timestamp(g.granted_at_ms / 1000), to_timestamp(g.expires_at_ms / 1000), to_timestamp(g.last_ms / 1000), g.is_reserve
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::numeric[], $6::numeric[], $7::numeric[],
    $8::text[], $9::float8[], $10::float8[], $11::float8[], $12::boolean[])
    AS g (grant_id, holder, budget_id, window_id, amount, cap, debited, state, granted_at_ms, expires_at_ms, last_ms, is_reserve)`;

const UPDATE_GRANTS = `
  UPDATE budget.credit_grant g
  SET cap_pico_usd = c.cap, debited_pico_usd = c.debited, state = c.state
  FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[]) AS c (grant_id, cap, debited, state)
  WHERE g.grant_id = c.grant_id`;

const HOLDS = "budget.hold (attempt_id, holder, lines, placed_at, expires_at, settled_at, message)";

// One JSON parameter: as array elements the lines would be escaped once more, quote by quote.
const UPDATE_HOLDS = `
  UPDATE budget.hold h
  SET lines = c.lines, expires_at = c.expires_at, settled_at = c.settled_at,
    message = CASE WHEN c.settled_at IS NULL THEN h.message END
  FROM jsonb_to_recordset($1::jsonb)
    AS c (attempt_id text, holder text, lines jsonb, expires_at timestamptz, settled_at timestamptz)
  WHERE h.attempt_id = c.attempt_id AND h.holder = c.holder`;

const RECORDS =
  "budget.settled_record (attempt_id, ordinal, record_id, source, outcome, cost_pico_usd, cost_known, tokens, settled_at)";

/** Writes every row that is marked as changed. The caller commits. */
export async function writeBooks(client: Client, books: Books, nowMs: number): Promise<void> {
  const write = async <R>(name: string, text: string, rows: R[], columns: ((row: R) => unknown)[]): Promise<void> => {
    if (rows.length === 0) return;
    await client.query({ name, text, values: columns.map((column) => rows.map(column)) });
  };
  const windows = changed(books.windows.values(), "update");
  const counters: ((window: Window) => unknown)[] = [
    (window) => window.id,
    (window) => window.postedPicoUsd,
    (window) => window.heldPicoUsd,
    (window) => window.grantedPicoUsd,
  ];
  const plain = windows.filter((window) => !hasMore(window));
  await write("update-windows", UPDATE_WINDOWS, plain, counters);
  await write("update-windows-whole", UPDATE_WINDOWS_WHOLE, windows.filter(hasMore), [
    ...counters,
    (window) => window.carriedInPicoUsd,
    (window) => window.carriedOutPicoUsd ?? null,
    (window) => window.rolling?.first ?? 0,
    (window) => `{${window.rolling ? toStoredBuckets(window.rolling).join(",") : ""}}`,
  ]);
  const stopped = [...books.windows.values()].filter(({ isCreditStopped }) => isCreditStopped);
  await write("stop-credit", STOP_CREDIT, stopped, [({ id }) => id, ({ noCreditUntilMs }) => noCreditUntilMs]);
  await write("insert-grants", INSERT_GRANTS, changed(books.grants.values(), "insert"), [
    (grant) => grant.grantId,
    (grant) => grant.holder,
    (grant) => grant.budgetId,
    (grant) => grant.windowId,
    (grant) => grant.amountPicoUsd,
    (grant) => grant.capPicoUsd,
    (grant) => grant.debitedPicoUsd,
    (grant) => grant.state,
    (grant) => grant.grantedAtMs,
    (grant) => grant.expiresAtMs,
    (grant) => grant.lastHoldEndsAtMs,
    (grant) => grant.isReserve,
  ]);
  await write("update-grants", UPDATE_GRANTS, changed(books.grants.values(), "update"), [
    (grant) => grant.grantId,
    (grant) => grant.capPicoUsd,
    (grant) => grant.debitedPicoUsd,
    (grant) => grant.state,
  ]);
  const isoTime = makeIsoTime();
  const holds = holdRows(books);
  await copyIn(
    client,
    HOLDS,
    changed(holds, "insert").map((row) => toCopyLine(row, isoTime)),
  );
  const updated = changed(holds, "update");
  if (updated.length > 0) {
    const rows = `[${updated.map((row) => toJson(row, isoTime)).join(",")}]`;
    await client.query({ name: "update-holds", text: UPDATE_HOLDS, values: [rows] });
  }
  const settledAt = isoTime(nowMs);
  const records = changed(books.records(), "insert").map((record) => {
    const { attemptId, ordinal, recordId, source, outcome, costPicoUsd, costKnown, tokens } = record;
    return copyLine([attemptId, ordinal, recordId, source, outcome, costPicoUsd, costKnown, tokens, settledAt]);
  });
  await copyIn(client, RECORDS, records);
  await writeSpend(client, books, nowMs);
}

function hasMore({ rolling, carriedInPicoUsd, carriedOutPicoUsd }: Window): boolean {
  return rolling !== undefined || carriedOutPicoUsd !== undefined || carriedInPicoUsd !== 0n;
}

/** The lines of one attempt and holder as the row that keeps them. */
interface HoldRow {
  attemptId: string;
  holder: string;
  lines: string;
  placedAtMs: number;
  expiresAtMs: number;
  settledAtMs: number | undefined;
  message: Uint8Array | undefined;
  change: Change;
}

function holdRows(books: Books): HoldRow[] {
  const rows: HoldRow[] = [];
  for (const attempt of books.attempts()) {
    const holders = new Set(attempt.map(({ holder }) => holder));
    for (const holder of holders) {
      const row = toRow(holders.size === 1 ? attempt : attempt.filter((hold) => hold.holder === holder));
      if (row) rows.push(row);
    }
  }
  return rows;
}

/** `holds` are all lines of one attempt and holder. A row is new when every line of it is. */
function toRow(holds: readonly Hold[]): HoldRow | undefined {
  const [first] = holds;
  if (!first || holds.every(({ change }) => change === "none")) return undefined;
  return {
    attemptId: first.attemptId,
    holder: first.holder,
    lines: toStoredLines(holds),
    placedAtMs: first.placedAtMs,
    expiresAtMs: holds.reduce((latest, { expiresAtMs }) => Math.max(latest, expiresAtMs), 0),
    settledAtMs: first.settledAtMs,
    message: holds.find(({ message }) => message !== undefined)?.message,
    change: holds.every(({ change }) => change === "insert") ? "insert" : "update",
  };
}

function toCopyLine(row: HoldRow, isoTime: IsoTime): string {
  const { attemptId, holder, lines, placedAtMs, expiresAtMs, settledAtMs, message } = row;
  const settledAt = settledAtMs === undefined ? undefined : isoTime(settledAtMs);
  const bytes = message && `\\x${Buffer.from(message).toString("hex")}`;
  return copyLine([attemptId, holder, lines, isoTime(placedAtMs), isoTime(expiresAtMs), settledAt, bytes]);
}

function toJson({ attemptId, holder, lines, expiresAtMs, settledAtMs }: HoldRow, isoTime: IsoTime): string {
  const settledAt = settledAtMs === undefined ? "null" : `"${isoTime(settledAtMs)}"`;
  const ids = `"attempt_id":${JSON.stringify(attemptId)},"holder":${JSON.stringify(holder)}`;
  return `{${ids},"lines":${lines},"expires_at":"${isoTime(expiresAtMs)}","settled_at":${settledAt}}`;
}

/** Moments of this batch as text: nearly all of its rows share a few. */
type IsoTime = (unixMs: number) => string;

function makeIsoTime(): IsoTime {
  const known = new Map<number, string>();
  return (unixMs) => {
    let text = known.get(unixMs);
    if (text === undefined) {
      text = new Date(unixMs).toISOString();
      known.set(unixMs, text);
    }
    return text;
  };
}

function changed<R extends { change: Change }>(rows: Iterable<R>, change: Change): R[] {
  return [...rows].filter((row) => row.change === change);
}
