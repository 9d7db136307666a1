// Usage records of every kind as their makers would write them, and by plain arithmetic what the books must say of them. Nothing here asks
// the ledger's own code: it is what the ledger is held against.
import { AttemptOutcome, RecordSource, TokenSource, UsageRecord } from "@waybill/wire";
import type { SeededRandom } from "./seeds.ts";

/** Whoever is believed most comes first. */
const SOURCES = ["worker", "lost", "ingress", "void"] as const;
type Source = (typeof SOURCES)[number];

const SOURCE_OF: Record<Source, RecordSource> = {
  worker: RecordSource.WORKER,
  lost: RecordSource.LOST,
  ingress: RecordSource.INGRESS,
  void: RecordSource.VOID,
};
const OUTCOME_OF = {
  success: AttemptOutcome.SUCCESS,
  partial: AttemptOutcome.PARTIAL,
  failed_free: AttemptOutcome.FAILED_FREE,
  failed_billed: AttemptOutcome.FAILED_BILLED,
  unknown: AttemptOutcome.UNKNOWN,
} as const;
type Outcome = keyof typeof OUTCOME_OF;
const TOKEN_SOURCE_OF = {
  provider: TokenSource.PROVIDER,
  counted: TokenSource.COUNTED,
  estimated: TokenSource.ESTIMATED,
  worst_case: TokenSource.WORST_CASE,
  none: TokenSource.NONE,
} as const;
type TokenSourceName = keyof typeof TOKEN_SOURCE_OF;

/** What a source may say: how it ended, and where its tokens come from. */
const SAYS: Record<Source, readonly (readonly [Outcome, TokenSourceName])[]> = {
  worker: [
    ["success", "provider"],
    ["success", "provider"],
    ["success", "counted"],
    ["partial", "counted"],
    ["failed_billed", "provider"],
    ["failed_free", "none"],
    ["unknown", "worst_case"],
  ],
  lost: [
    ["unknown", "worst_case"],
    ["unknown", "estimated"],
  ],
  ingress: [["partial", "counted"]],
  void: [["failed_free", "none"]],
};

/** Ids with what separates the parts of an account's name, and how they must stand in it. */
const ORGANISATIONS = [
  ["acme", "acme"],
  ["ac/me", "ac%2fme"],
] as const;
const TEAMS = ["support", "research"] as const;
const KEYS = [
  ["k1", "k1"],
  ["k:2", "k%3a2"],
] as const;
/** Pico-USD per token of input and output. */
const MODELS = [
  { provider: "alpha", model: "large", version: "v7", input: 2_500_000n, output: 10_000_000n },
  { provider: "alpha", model: "small", version: "v7", input: 150_001n, output: 600_007n },
  { provider: "beta", model: "large", version: "v1", input: 3_000_000n, output: 15_000_000n },
] as const;

/** One record, and what of it the books must show. */
interface Said {
  attemptId: string;
  attempt: number;
  requestedAtMs: number;
  source: Source;
  outcome: Outcome;
  tokenSource: TokenSourceName;
  organisation: (typeof ORGANISATIONS)[number];
  team: string;
  key: (typeof KEYS)[number];
  model: (typeof MODELS)[number];
  inputTokens: bigint;
  outputTokens: bigint;
  /** Undefined: nobody knows the price. */
  costPicoUsd: bigint | undefined;
}

export interface UsageSet {
  /** One message for each record. */
  messages: readonly Uint8Array[];
  /** What `dumpBooks` must say once all of them are booked, however often and in whatever order they came. */
  books: readonly string[];
  /** What `dumpSums` must say then. */
  sums: readonly string[];
  attempts: number;
}

export interface UsageSetOptions {
  requests: number;
  /** Moments in the months the requests are of. */
  times: readonly Date[];
}

export function makeUsageSet(random: SeededRandom, { requests, times }: UsageSetOptions): UsageSet {
  const said: Said[] = [];
  for (let index = 0; index < requests; index += 1) said.push(...oneRequest(random, random.pick(times), index));
  const standing = standingOf(said);
  return {
    messages: said.map((one) => UsageRecord.encode(toRecord(one)).finish()),
    books: standing.flatMap(bookLines).sort(),
    sums: sumLines(standing),
    attempts: standing.length,
  };
}

const ATTEMPTS_MAX = 3;
const MINUTE_MS = 60_000;

function oneRequest(random: SeededRandom, time: Date, index: number): Said[] {
  const requestedAtMs = time.getTime() + random.between(0, 600) * MINUTE_MS + index;
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join("");
  const at = requestedAtMs.toString(16).padStart(12, "0");
  const requestId = `${at.slice(0, 8)}-${at.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(12)}`;
  const who = { organisation: random.pick(ORGANISATIONS), team: random.pick(TEAMS), key: random.pick(KEYS) };
  const from = { requestedAtMs, ...who };
  // A kept answer that was given again is attempt 0 and costs nothing.
  if (random.between(1, 10) === 1) {
    return [
      { ...from, ...sayOne(random, "worker", `${requestId}.0`, 0), outcome: "success", tokenSource: "none", ...FREE },
    ];
  }
  const attempts = random.between(1, ATTEMPTS_MAX);
  return Array.from({ length: attempts }, (_, before) => {
    const attempt = before + 1;
    const sources = SOURCES.filter(() => random.between(1, 5) <= 2);
    if (sources.length === 0) sources.push("worker");
    return sources.map((source) => ({ ...from, ...sayOne(random, source, `${requestId}.${attempt}`, attempt) }));
  }).flat();
}

const FREE = { inputTokens: 0n, outputTokens: 0n, costPicoUsd: 0n };

type SaidOfAttempt = Omit<Said, "requestedAtMs" | "organisation" | "team" | "key">;

function sayOne(random: SeededRandom, source: Source, attemptId: string, attempt: number): SaidOfAttempt {
  const [outcome, tokenSource] = random.pick(SAYS[source]);
  const model = random.pick(MODELS);
  const said = { attemptId, attempt, source, outcome, tokenSource, model };
  if (tokenSource === "none") return { ...said, ...FREE };
  const [inputTokens, outputTokens] = [BigInt(random.between(1, 5_000)), BigInt(random.between(0, 900))];
  const isPriced = random.between(1, 6) > 1;
  const costPicoUsd = isPriced ? inputTokens * model.input + outputTokens * model.output : undefined;
  return { ...said, inputTokens, outputTokens, costPicoUsd };
}

function toRecord(said: Said): UsageRecord {
  const { attemptId, attempt, source, outcome, tokenSource, organisation, team, key, model, costPicoUsd } = said;
  const { input, output, version } = model;
  const isKnown = costPicoUsd !== undefined;
  return UsageRecord.fromPartial({
    ...{ recordId: `${attemptId}:${source}`, attemptId, requestId: attemptId.replace(/\.\d+$/, ""), attempt },
    ...{ source: SOURCE_OF[source], outcome: OUTCOME_OF[outcome], tokenSource: TOKEN_SOURCE_OF[tokenSource] },
    attribution: {
      ...{ organisationId: organisation[0], organisationName: "Acme", teamId: team, teamName: `Team ${team}` },
      ...{ costCentre: "4711", keyId: key[0], keyName: "laptop", tags: { environment: "production" } },
    },
    ...{ route: "support", routeVersion: 3, path: ["start", "paid"], requestedModel: "dynamic/support" },
    target: { provider: model.provider, model: model.model, upstreamModel: model.model },
    usage: { input: said.inputTokens, output: said.outputTokens },
    ...(isKnown && {
      price: { version, tiers: [{ aboveInputTokens: 0n, rates: { input, cachedInput: input, output } }] },
    }),
    ...{ costPicoUsd: costPicoUsd ?? 0n, costKnown: isKnown, holder: "router-1", ingressId: "ingress-1" },
    ...{ workerId: source === "worker" ? "worker-1" : "", recordedAtMs: BigInt(said.requestedAtMs + 2_000) },
    ...{ durationMs: 900, providerStatus: 200 },
  });
}

/** Of each attempt the record that is believed. */
function standingOf(said: readonly Said[]): Said[] {
  const standing = new Map<string, Said>();
  for (const one of said) {
    const other = standing.get(one.attemptId);
    if (!other || SOURCES.indexOf(one.source) < SOURCES.indexOf(other.source)) standing.set(one.attemptId, one);
  }
  return [...standing.values()];
}

/** As `dumpBooks` writes them. */
function bookLines(said: Said): string[] {
  const { attemptId, source, outcome, tokenSource, inputTokens, outputTokens, costPicoUsd, organisation, key } = said;
  const stands = `${attemptId} stands ${source} ${outcome} ${tokenSource} ${inputTokens}+${outputTokens}`;
  const lines = [`${stands} ${costPicoUsd ?? "unknown"}`];
  if (!costPicoUsd) return lines;
  const account = `spend:${organisation[1]}/${said.team}/${key[1]}`;
  lines.push(`${attemptId} ${account} ${costPicoUsd}`, `${attemptId} payable:${said.model.provider} -${costPicoUsd}`);
  return lines;
}

interface Sum {
  requests: number;
  attempts: number;
  unpriced: number;
  tokens: bigint;
  costPicoUsd: bigint;
}

/** As `dumpSums` writes them. */
function sumLines(standing: readonly Said[]): string[] {
  const sums = new Map<string, Sum>();
  for (const said of standing) {
    const day = new Date(said.requestedAtMs).toISOString().slice(0, 10);
    const who = `${said.organisation[0]} ${said.team} ${said.key[0]}`;
    const name = `${day} ${who} ${said.model.provider}/${said.model.model} ${said.outcome} ${said.tokenSource}`;
    const sum = sums.get(name) ?? { requests: 0, attempts: 0, unpriced: 0, tokens: 0n, costPicoUsd: 0n };
    sums.set(name, sum);
    if (said.attempt <= 1) sum.requests += 1;
    sum.attempts += 1;
    if (said.costPicoUsd === undefined) sum.unpriced += 1;
    sum.tokens += said.inputTokens + said.outputTokens;
    sum.costPicoUsd += said.costPicoUsd ?? 0n;
  }
  return [...sums]
    .map(
      ([name, { requests, attempts, unpriced, tokens, costPicoUsd }]) =>
        `${name}: ${requests} requests, ${attempts} attempts, ${unpriced} unpriced, ${tokens} tokens, ${costPicoUsd}`,
    )
    .sort();
}

/** SQL of the canonical dump: what stands of each attempt, and its net amount on each account in pico-USD; no serial numbers, no times. */
export const DUMP_BOOKS = `
  SELECT request_id || '.' || attempt || ' stands ' || source || ' ' || outcome || ' ' || token_source || ' '
    || input_tokens || '+' || output_tokens || ' ' || coalesce(trim_scale(cost_usd * 1000000000000)::text, 'unknown') AS line
  FROM ledger.attempt
  UNION ALL
  SELECT request_id || '.' || attempt || ' ' || account || ' ' || trim_scale(sum(amount_usd) * 1000000000000)
  FROM ledger.posting GROUP BY request_id, attempt, account HAVING sum(amount_usd) <> 0`;

/** SQL of the sums by day, whichever month they are booked in. */
export const DUMP_SUMS = `
  SELECT to_char(day, 'YYYY-MM-DD') || ' ' || organisation_id || ' ' || team_id || ' ' || key_id || ' ' || provider || '/' || model || ' '
    || outcome || ' ' || token_source || ': ' || sum(requests) || ' requests, ' || sum(attempts) || ' attempts, ' || sum(unpriced_attempts)
    || ' unpriced, ' || sum(input_tokens + output_tokens) || ' tokens, ' || trim_scale(sum(cost_usd) * 1000000000000) AS line
  FROM ledger.usage GROUP BY day, organisation_id, team_id, key_id, provider, model, outcome, token_source HAVING sum(attempts) <> 0`;
