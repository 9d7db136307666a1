// Writes what a batch changed: one statement per table and kind of change, however many rows.
import type { Client } from "@waybill/store";
import type { Books, Change } from "../core/books.ts";

const UPDATE_WINDOWS = `
  UPDATE budget.budget_window w
  SET posted_pico_usd = c.posted, held_pico_usd = c.held, granted_pico_usd = c.granted
  FROM unnest($1::bigint[], $2::numeric[], $3::numeric[], $4::numeric[]) AS c (id, posted, held, granted)
  WHERE w.id = c.id`;

const INSERT_GRANTS = `
  INSERT INTO budget.credit_grant (grant_id, holder, budget_id, window_id, amount_pico_usd, cap_pico_usd,
    debited_pico_usd, state, granted_at, expires_at, last_hold_ends_at)
  SELECT g.grant_id, g.holder, g.budget_id, g.window_id, g.amount, g.cap, g.debited, g.state,
    to_timestamp(g.granted_at_ms / 1000), to_timestamp(g.expires_at_ms / 1000), to_timestamp(g.last_ms / 1000)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::numeric[], $6::numeric[], $7::numeric[],
    $8::text[], $9::float8[], $10::float8[], $11::float8[])
    AS g (grant_id, holder, budget_id, window_id, amount, cap, debited, state, granted_at_ms, expires_at_ms, last_ms)`;

const UPDATE_GRANTS = `
  UPDATE budget.credit_grant g
  SET cap_pico_usd = c.cap, debited_pico_usd = c.debited, state = c.state
  FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[]) AS c (grant_id, cap, debited, state)
  WHERE g.grant_id = c.grant_id`;

const INSERT_HOLDS = `
  INSERT INTO budget.hold (attempt_id, holder, budget_id, grant_id, window_id, amount_pico_usd, posted_pico_usd,
    placed_at, expires_at, settled_at)
  SELECT h.attempt_id, h.holder, h.budget_id, h.grant_id, h.window_id, h.amount, h.posted,
    to_timestamp(h.placed_at_ms / 1000), to_timestamp(h.expires_at_ms / 1000), to_timestamp(h.settled_at_ms / 1000)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::numeric[], $7::numeric[],
    $8::float8[], $9::float8[], $10::float8[])
    AS h (attempt_id, holder, budget_id, grant_id, window_id, amount, posted, placed_at_ms, expires_at_ms, settled_at_ms)`;

const UPDATE_HOLDS = `
  UPDATE budget.hold h
  SET posted_pico_usd = c.posted, settled_at = to_timestamp(c.settled_at_ms / 1000)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::float8[])
    AS c (attempt_id, holder, budget_id, grant_id, posted, settled_at_ms)
  WHERE h.attempt_id = c.attempt_id AND h.holder = c.holder AND h.budget_id = c.budget_id AND h.grant_id = c.grant_id`;

const INSERT_RECORDS = `
  INSERT INTO budget.settled_record (record_id, attempt_id, ordinal, source, outcome, cost_pico_usd, cost_known, settled_at)
  SELECT r.record_id, r.attempt_id, r.ordinal, r.source, r.outcome, r.cost, r.cost_known, to_timestamp($8::float8 / 1000)
  FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::numeric[], $7::boolean[])
    AS r (record_id, attempt_id, ordinal, source, outcome, cost, cost_known)`;

const INSERT_JOURNALED = `
  INSERT INTO budget.journaled_attempt (attempt_id, holder, message)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
  ON CONFLICT DO NOTHING`;

const DELETE_JOURNALED = "DELETE FROM budget.journaled_attempt WHERE attempt_id = ANY($1)";

/** Writes every row that is marked as changed. The caller commits. */
export async function writeBooks(client: Client, books: Books, nowMs: number): Promise<void> {
  const write = async <R>(name: string, text: string, rows: R[], columns: ((row: R) => unknown)[]): Promise<void> => {
    if (rows.length === 0) return;
    await client.query({ name, text, values: columns.map((column) => rows.map(column)) });
  };
  await write("update-windows", UPDATE_WINDOWS, changed(books.windows.values(), "update"), [
    (window) => window.id,
    (window) => window.postedPicoUsd,
    (window) => window.heldPicoUsd,
    (window) => window.grantedPicoUsd,
  ]);
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
  ]);
  await write("update-grants", UPDATE_GRANTS, changed(books.grants.values(), "update"), [
    (grant) => grant.grantId,
    (grant) => grant.capPicoUsd,
    (grant) => grant.debitedPicoUsd,
    (grant) => grant.state,
  ]);
  await write("insert-holds", INSERT_HOLDS, changed(books.holds(), "insert"), [
    (hold) => hold.attemptId,
    (hold) => hold.holder,
    (hold) => hold.budgetId,
    (hold) => hold.grantId,
    (hold) => hold.windowId,
    (hold) => hold.amountPicoUsd,
    (hold) => hold.postedPicoUsd,
    (hold) => hold.placedAtMs,
    (hold) => hold.expiresAtMs,
    (hold) => hold.settledAtMs ?? null,
  ]);
  await write("update-holds", UPDATE_HOLDS, changed(books.holds(), "update"), [
    (hold) => hold.attemptId,
    (hold) => hold.holder,
    (hold) => hold.budgetId,
    (hold) => hold.grantId,
    (hold) => hold.postedPicoUsd,
    (hold) => hold.settledAtMs ?? null,
  ]);
  await writeRecords(client, books, nowMs);
  await write("insert-journaled", INSERT_JOURNALED, books.journaled, [
    (kept) => kept.attemptId,
    (kept) => kept.holder,
    (kept) => kept.message,
  ]);
  const closed = [...books.closedAttempts];
  if (closed.length > 0) await client.query({ name: "delete-journaled", text: DELETE_JOURNALED, values: [closed] });
}

async function writeRecords(client: Client, books: Books, nowMs: number): Promise<void> {
  const records = changed(books.records(), "insert");
  if (records.length === 0) return;
  const values = [
    records.map(({ recordId }) => recordId),
    records.map(({ attemptId }) => attemptId),
    records.map(({ ordinal }) => ordinal),
    records.map(({ source }) => source),
    records.map(({ outcome }) => outcome),
    records.map(({ costPicoUsd }) => costPicoUsd),
    records.map(({ costKnown }) => costKnown),
    nowMs,
  ];
  await client.query({ name: "insert-records", text: INSERT_RECORDS, values });
}

function changed<R extends { change: Change }>(rows: Iterable<R>, change: Change): R[] {
  return [...rows].filter((row) => row.change === change);
}
