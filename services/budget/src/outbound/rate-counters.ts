// Parts of rate limits out of the buckets in Postgres: everything that waits is answered by one transaction at a time, so that any number
// of routers cost no more than that. The rows' locks make budget processes take turns.
import { WaybillError } from "@waybill/domain";
import { type Client, type Pool, type Row, transact } from "@waybill/store";
import {
  type BucketState,
  levelOf,
  newBucket,
  type RatePart,
  type RateRule,
  type RateWanted,
  shareOut,
} from "../core/rate-bucket.ts";
import { noPlacesOut, type PlacesState, placesOut, sharePlaces } from "../core/rate-places.ts";
import type { RateAsked, RateCounterParts, RateCounters } from "../ports.ts";

/** Counters that may wait for their turn; beyond it routers go on alone. */
const WAITING_MAX = 50_000;

/** Locks the rows, in the same order everywhere, and makes those that are missing. A limit that is none any more has no row here. */
const LOCK = `
  WITH taken AS (
    INSERT INTO budget.rate_bucket AS b (id, limit_id)
    SELECT w.id, w.limit_id FROM unnest($1::text[], $2::text[]) AS w (id, limit_id)
    JOIN budget.rate_limit l ON l.id = w.limit_id ORDER BY w.id
    ON CONFLICT (id) DO UPDATE SET limit_id = excluded.limit_id
    RETURNING b.id, b.limit_id, b.state)
  SELECT t.id, t.state, l.unit, l.amount::float8, l.per_seconds, l.burst::float8
  FROM taken t JOIN budget.rate_limit l ON l.id = t.limit_id`;
/** Read when every lock is held, so that time goes forward from one turn to the next. */
const NOW = "SELECT (extract(epoch FROM budget.clock()) * 1000)::float8 AS now_ms";
const WRITE = `
  UPDATE budget.rate_bucket b SET state = w.state, full_at = to_timestamp(w.full_at_ms / 1000)
  FROM unnest($1::text[], $2::jsonb[], $3::float8[]) AS w (id, state, full_at_ms) WHERE b.id = w.id`;

interface Waiting {
  holder: string;
  asks: readonly RateAsked[];
  resolve(parts: RateCounterParts[]): void;
  reject(error: unknown): void;
}

export function rateCounters(pool: Pool): RateCounters {
  let waiting: Waiting[] = [];
  let counters = 0;
  let isRunning = false;

  const run = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      const turn = waiting;
      waiting = [];
      counters = 0;
      try {
        const answers = await transact(pool, (client) => carryOut(client, turn));
        for (const [n, { resolve }] of turn.entries()) resolve(answers[n] ?? []);
      } catch (error) {
        for (const { reject } of turn) reject(new WaybillError("budget_unavailable", { cause: error }));
      }
    }
    isRunning = false;
  };

  return {
    ask: (holder, asks) =>
      new Promise((resolve, reject) => {
        if (counters + asks.length > WAITING_MAX) {
          reject(new WaybillError("budget_unavailable", { detail: "too many counters of rate limits wait" }));
          return;
        }
        counters += asks.length;
        waiting.push({ holder, asks, resolve, reject });
        if (!isRunning) void run();
      }),
  };
}

async function carryOut(client: Client, turn: readonly Waiting[]): Promise<RateCounterParts[][]> {
  const limits = new Map<string, string>();
  for (const { asks } of turn) for (const { counterId, limitId } of asks) limits.set(counterId, limitId);
  const ids = [...limits.keys()].sort();
  const { rows } = await client.query<Row>(LOCK, [ids, ids.map((id) => limits.get(id))]);
  const nowMs = (await client.query<{ now_ms: number }>(NOW)).rows[0]?.now_ms ?? 0;
  const byCounter = wantsByCounter(turn);
  const parts = new Map<RateAsked, RateCounterParts>();
  const written: { id: string; state: object; fullAtMs: number }[] = [];
  for (const row of rows) {
    const wanted = byCounter.get(row.id) ?? [];
    const wants = wanted.map(({ want }) => want);
    const { state, given, level, routers, fillsInMs } =
      row.unit === "concurrency" ? sharePlacesOf(row, wants, nowMs) : shareBucketOf(row, wants, nowMs);
    for (const [n, { ask, want }] of wanted.entries()) {
      const known: RateCounterParts = parts.get(ask) ?? {
        counterId: row.id,
        given: [],
        level: Math.floor(level),
        routers,
      };
      parts.set(ask, known);
      known.given.push({ teamId: want.teamId, given: given[n]?.given ?? 0, waitMs: given[n]?.waitMs ?? 0 });
    }
    written.push({ id: row.id, state, fullAtMs: nowMs + fillsInMs });
  }
  await client.query(WRITE, [
    written.map(({ id }) => id),
    written.map(({ state }) => JSON.stringify(state)),
    written.map(({ fullAtMs }) => fullAtMs),
  ]);
  return turn.map(({ asks }) => asks.flatMap((ask) => parts.get(ask) ?? []));
}

interface Shared {
  /** As it is kept. */
  state: object;
  given: readonly RatePart[];
  level: number;
  routers: number;
  /** Then nothing has to be kept any more. */
  fillsInMs: number;
}

function shareBucketOf(row: Row, wants: readonly RateWanted[], nowMs: number): Shared {
  const rule: RateRule = { amount: row.amount, perSeconds: row.per_seconds, burst: row.burst };
  const state: BucketState = row.state?.common === undefined ? newBucket(rule, nowMs) : row.state;
  const given = shareOut(state, rule, wants, nowMs);
  const level = levelOf(state);
  const fillsInMs = (Math.max(0, rule.burst - level) * rule.perSeconds * 1_000) / rule.amount;
  return { state, given, level, routers: Object.keys(state.routers).length, fillsInMs };
}

/** What is out is out with somebody who says so again and again. */
function sharePlacesOf(row: Row, wants: readonly RateWanted[], nowMs: number): Shared {
  const state: PlacesState = row.state?.holders === undefined ? noPlacesOut(nowMs) : row.state;
  const given = sharePlaces(state, row.amount, wants, nowMs);
  const level = Math.max(0, row.amount - placesOut(state));
  return { state, given, level, routers: Object.keys(state.holders).length, fillsInMs: 0 };
}

function wantsByCounter(turn: readonly Waiting[]): Map<string, { ask: RateAsked; want: RateWanted }[]> {
  const byCounter = new Map<string, { ask: RateAsked; want: RateWanted }[]>();
  for (const { holder, asks } of turn) {
    for (const ask of asks) {
      const all = byCounter.get(ask.counterId) ?? [];
      byCounter.set(ask.counterId, all);
      for (const want of ask.wants) all.push({ ask, want: { ...want, holder } });
    }
  }
  return byCounter;
}
