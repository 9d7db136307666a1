// Recorded requests in bulk, for a backtest: pages of first decisions with what all attempts of each have on the books.
import { parseUsd } from "@waybill/domain";
import type { Pool, Row } from "@waybill/store";
import { RecordedAttempt, type RecordedRequest, RecordedRequests } from "@waybill/wire";
import type { DecisionCursor } from "../core/decision-page.ts";
import { type DecisionFilter, decisionConditions } from "./decision-conditions.ts";

const PAGE_ROWS = 1_000;
/** Of the records in one message; below the largest message of gRPC. */
const MESSAGE_BYTES_MAX = 2 * 1024 * 1024;

export interface Recorded {
  /**
   * The newest `requestsMax` that match `filter`, page by page: what is being read is not kept together, so that a request that was booked
   * meanwhile may count as it stands at its page. The next page is read while one is taken.
   */
  stream(filter: DecisionFilter, requestsMax: number, signal: AbortSignal): AsyncIterable<RecordedRequests>;
}

export function postgresRecorded(pool: Pool): Recorded {
  return {
    async *stream(filter, requestsMax, signal) {
      const total = await count(pool, filter, requestsMax);
      yield RecordedRequests.create({ total: BigInt(total) });
      let left = requestsMax;
      let reading: Promise<Page> | undefined = readPage(pool, filter, undefined, Math.min(left, PAGE_ROWS));
      while (reading && !signal.aborted) {
        const { requests, next }: Page = await reading;
        left -= requests.length;
        reading = next && left > 0 ? readPage(pool, filter, next, Math.min(left, PAGE_ROWS)) : undefined;
        // Whoever takes the messages may stop; then nobody waits for the page that is being read.
        reading?.catch(() => {});
        yield* messagesOf(requests);
      }
    },
  };
}

interface Page {
  requests: RecordedRequest[];
  next: DecisionCursor | undefined;
}

async function count(pool: Pool, filter: DecisionFilter, requestsMax: number): Promise<number> {
  const { where, values } = decisionConditions(filter, undefined);
  const text = `SELECT count(*) AS requests FROM (SELECT FROM requests.decision d WHERE ${where} LIMIT ${requestsMax + 1}) AS found`;
  return Number((await pool.query<Row>(text, values)).rows[0]?.requests ?? 0);
}

/** The entry that stands is the last one of its attempt. */
async function readPage(
  pool: Pool,
  filter: DecisionFilter,
  after: DecisionCursor | undefined,
  rowsMax: number,
): Promise<Page> {
  const { where, values } = decisionConditions(filter, after);
  const { rows } = await pool.query<Row>(
    `SELECT p.*, e.attempt, e.sequence, e.outcome, e.cost_usd::text AS cost_usd, e.input_tokens, e.cached_input_tokens,
      e.cache_write_5m_tokens, e.cache_write_1h_tokens, e.output_tokens, e.reasoning_tokens, e.duration_ms
    FROM (
      SELECT d.record, d.request_month, d.request_id, d.attempt AS first_attempt,
        (extract(epoch FROM d.decided_at) * 1000)::bigint AS decided_at_ms
      FROM requests.decision d WHERE ${where}
      ORDER BY d.decided_at DESC, d.request_id DESC, d.attempt DESC LIMIT ${rowsMax}) p
    LEFT JOIN LATERAL (
      SELECT * FROM ledger.entry WHERE request_month = p.request_month AND request_id = p.request_id) e ON true
    ORDER BY p.decided_at_ms DESC, p.request_id DESC, e.attempt, e.sequence`,
    values,
  );
  const requests: RecordedRequest[] = [];
  let last: Row | undefined;
  for (const row of rows) {
    if (row.request_id !== last?.request_id) requests.push({ record: row.record, attempts: [] });
    addAttempt(requests.at(-1)?.attempts ?? [], row);
    last = row;
  }
  const isFull = requests.length === rowsMax;
  return { requests, next: isFull && last ? cursorAt(last) : undefined };
}

function cursorAt({ decided_at_ms, request_id, first_attempt }: Row): DecisionCursor {
  return { decidedAtMs: Number(decided_at_ms), requestId: request_id, attempt: first_attempt };
}

function addAttempt(attempts: RecordedAttempt[], row: Row): void {
  if (row.attempt === null) return;
  if (attempts.at(-1)?.attempt === row.attempt) attempts.pop();
  attempts.push(
    RecordedAttempt.create({
      attempt: row.attempt,
      outcome: row.outcome,
      costPicoUsd: row.cost_usd === null ? "" : parseUsd(row.cost_usd).toString(),
      inputTokens: row.input_tokens,
      cachedInputTokens: row.cached_input_tokens,
      cacheWrite5mTokens: row.cache_write_5m_tokens,
      cacheWrite1hTokens: row.cache_write_1h_tokens,
      outputTokens: row.output_tokens,
      reasoningOutputTokens: row.reasoning_tokens,
      durationMs: Number(row.duration_ms ?? 0),
    }),
  );
}

function* messagesOf(requests: readonly RecordedRequest[]): Iterable<RecordedRequests> {
  let some: RecordedRequest[] = [];
  let bytes = 0;
  for (const request of requests) {
    if (bytes > 0 && bytes + request.record.length > MESSAGE_BYTES_MAX) {
      yield RecordedRequests.create({ requests: some });
      [some, bytes] = [[], 0];
    }
    some.push(request);
    bytes += request.record.length;
  }
  if (some.length > 0) yield RecordedRequests.create({ requests: some });
}
