// The three that count money, held against each other to the pico-USD: the ledger, the budgets, and the provider's own log of what it told.
// What nobody can know exactly (an attempt that was lost, an answer that broke off) is listed, so that a run says how much of it there was.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseUsd } from "@waybill/domain";
import { type CallEntry, eventually } from "@waybill/testing";
import type { TestStack } from "./start-stack.ts";

/** Records that one of budgets and ledger has and the other lacks, with what they cost: the statement that operators are told. */
export const RECORDS_OF_ONE_SIDE = /```sql\n([^`]*lacked_by[^`]*)```/.exec(
  readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8"),
)?.[1] as string;

// What stands of each attempt on either side.
const DISAGREEING_ATTEMPTS = `
  SELECT coalesce(l.attempt_id, b.attempt_id) AS attempt_id, l.source AS ledger_source, b.source AS budget_source,
    trim_scale(l.cost_usd * 1000000000000)::text AS ledger, b.cost_pico_usd::text AS budget
  FROM ledger.attempt l
  FULL JOIN (
    SELECT DISTINCT ON (attempt_id) attempt_id, split_part(record_id, ':', 2) AS source, outcome,
      CASE WHEN cost_known THEN cost_pico_usd END AS cost_pico_usd
    FROM budget.settled_record ORDER BY attempt_id, ledger.source_rank(split_part(record_id, ':', 2)) DESC
  ) b USING (attempt_id)
  WHERE (l.source, l.outcome) IS DISTINCT FROM (b.source, b.outcome) OR l.cost_usd * 1000000000000 IS DISTINCT FROM b.cost_pico_usd`;

// A rolling window has only what has not left it yet, and other units are no money.
const DISAGREEING_WINDOWS = `
  WITH named AS (
    SELECT DISTINCT a.attempt_id, a.cost_usd, (line ->> 1)::bigint AS window_id
    FROM ledger.attempt a CROSS JOIN LATERAL jsonb_array_elements(a.holds) AS line)
  SELECT w.budget_id, w.id AS window_id, w.posted_pico_usd::text AS posted,
    trim_scale(coalesce(sum(n.cost_usd), 0) * 1000000000000)::text AS ledger
  FROM budget.budget_window w JOIN budget.budget b ON b.id = w.budget_id LEFT JOIN named n ON n.window_id = w.id
  WHERE b.unit = 'usd' AND b.window_kind <> 'rolling'
  GROUP BY w.id HAVING w.posted_pico_usd <> coalesce(sum(n.cost_usd), 0) * 1000000000000`;

const BOOKED = `
  SELECT a.attempt_id, a.source, a.outcome, a.token_source, a.cost_usd, a.suspect, a.provider || '/' || a.model AS model,
    a.input_tokens, a.output_tokens, p.input_usd_per_million, p.cached_input_usd_per_million, p.cache_write_5m_usd_per_million,
    p.cache_write_1h_usd_per_million, p.output_usd_per_million, p.reasoning_usd_per_million, p.request_usd
  FROM ledger.attempt a JOIN ledger.price p ON p.id = a.price_id ORDER BY a.attempt_id`;

interface Booked {
  attempt_id: string;
  source: string;
  outcome: string;
  token_source: string;
  cost_usd: string | null;
  suspect: boolean;
  model: string;
  input_tokens: bigint;
  output_tokens: bigint;
  /** All of them NULL where only the price's version is on the books. */
  input_usd_per_million: string | null;
  cached_input_usd_per_million: string;
  cache_write_5m_usd_per_million: string;
  cache_write_1h_usd_per_million: string;
  output_usd_per_million: string;
  reasoning_usd_per_million: string;
  request_usd: string;
}

/** How many of a kind are printed; the rest is counted. */
const LISTED_MAX = 20;

export interface BooksAgreeOptions {
  /** What is printed before the list. */
  name: string;
  timeoutMs?: number;
}

/**
 * Waits until ledger and budgets agree, then holds the ledger against the provider. Fails with every attempt, window and call that
 * differs; prints every `unknown` and every answer that broke off, counted or with what the provider had told until then.
 */
export async function assertBooksAgree(
  stack: TestStack,
  { name, timeoutMs = 30_000 }: BooksAgreeOptions,
): Promise<void> {
  await ledgerAndBudgetsAgree(stack, timeoutMs);
  assert.deepEqual(await stack.sql("SELECT * FROM ledger.problem"), [], "ledger.problem");
  const booked = await stack.sql<Booked>(BOOKED);
  const { wrong, lines } = compareWithProvider(booked, stack.provider.log.entries());
  console.log([`${name}: ${booked.length} attempts, ledger = budgets`, ...lines].join("\n  "));
  assert.deepEqual(wrong, [], "ledger and provider differ");
}

const inspect = (rows: readonly unknown[]): string =>
  JSON.stringify(rows.slice(0, LISTED_MAX), (_, value) => (typeof value === "bigint" ? String(value) : value));

/** Waits until every record is on both sides, what stands of each attempt is the same, and each window has posted what the ledger has under it. */
export async function ledgerAndBudgetsAgree(stack: TestStack, timeoutMs: number): Promise<void> {
  let differing: unknown[] = [];
  await eventually(
    async () => {
      differing = [
        ...(await stack.sql(RECORDS_OF_ONE_SIDE)),
        ...(await stack.sql(DISAGREEING_ATTEMPTS)),
        ...(await stack.sql(DISAGREEING_WINDOWS)),
      ];
      return differing.length === 0;
    },
    { timeoutMs, intervalMs: 250, reason: "ledger and budgets say the same" },
  ).catch((error: unknown) => {
    throw new Error(`ledger and budgets differ: ${inspect(differing)}`, { cause: error });
  });
}

interface Comparison {
  wrong: string[];
  lines: string[];
}

function compareWithProvider(booked: readonly Booked[], calls: readonly CallEntry[]): Comparison {
  const wrong: string[] = [];
  const callOf = new Map<string, CallEntry>();
  for (const call of calls) {
    const id = call.attemptId ?? "";
    if (callOf.has(id)) wrong.push(`${id} was called twice`);
    callOf.set(id, call);
  }
  const priceOf = pricesByModel(booked);
  const listed: Record<string, string[]> = { unknown: [], "counted partial": [], "told in part": [], suspect: [] };
  let equal = 0;
  for (const attempt of booked) {
    const { attempt_id: id, outcome, token_source: from } = attempt;
    const call = callOf.get(id);
    callOf.delete(id);
    const told = call && costOf(call, attempt.input_usd_per_million === null ? priceOf.get(attempt.model) : attempt);
    const cost = attempt.cost_usd === null ? undefined : parseUsd(attempt.cost_usd);
    const line = `${id} ${attempt.model} booked ${cost ?? "unknown"}, the provider ${call ? `told ${told ?? "nothing"}` : "was not called"}`;
    if (attempt.suspect) listed.suspect?.push(line);
    else if (outcome === "unknown") {
      listed.unknown?.push(line);
      if (told !== undefined && (cost === undefined || cost < told)) wrong.push(`unknown, and below: ${line}`);
    } else if (outcome === "partial" && from === "counted") listed["counted partial"]?.push(line);
    else if (outcome === "success" && (from === "provider" || told !== undefined)) {
      equal += 1;
      if (cost !== told) wrong.push(line);
    } else if (from === "provider") {
      // An answer that broke off may have told its usage at its beginning, or once more where nobody could read it.
      if (cost === told) equal += 1;
      else listed["told in part"]?.push(line);
    }
  }
  for (const id of callOf.keys()) wrong.push(`${id} was called and is not on the books`);
  const lines = [`${equal} cost what the provider's own figures say, to the pico-USD`];
  for (const [kind, each] of Object.entries(listed)) {
    lines.push(`${each.length} ${kind}`, ...each.slice(0, LISTED_MAX).map((line) => `  ${line}`));
    if (each.length > LISTED_MAX) lines.push(`  and ${each.length - LISTED_MAX} more`);
  }
  return { wrong, lines };
}

/** For attempts of which only the price's version is known. */
function pricesByModel(booked: readonly Booked[]): Map<string, Booked> {
  const known = booked.filter(({ input_usd_per_million: rate }) => rate !== null);
  return new Map(known.map((one) => [one.model, one]));
}

/** What the provider's own figures cost at these rates, in pico-USD; undefined: it told none, or nobody knows the rates. */
function costOf({ tokensReported: told }: CallEntry, price: Booked | undefined): bigint | undefined {
  if (!told || !price) return undefined;
  const rate = (usdPerMillion: string): bigint => parseUsd(usdPerMillion) / 1_000_000n;
  const cached = BigInt(told.cachedInputTokens);
  const [written5m, written1h] = [BigInt(told.cacheWriteTokens), BigInt(told.cacheWrite1hTokens)];
  const reasoning = BigInt(told.reasoningTokens);
  return (
    (BigInt(told.inputTokens) - cached - written5m - written1h) * rate(price.input_usd_per_million ?? "0") +
    cached * rate(price.cached_input_usd_per_million) +
    written5m * rate(price.cache_write_5m_usd_per_million) +
    written1h * rate(price.cache_write_1h_usd_per_million) +
    (BigInt(told.outputTokens) - reasoning) * rate(price.output_usd_per_million) +
    reasoning * rate(price.reasoning_usd_per_million) +
    parseUsd(price.request_usd)
  );
}
