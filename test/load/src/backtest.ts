// How long recorded requests take to run again on a draft, and what live decisions of the same router notice of it: whole processes, real NATS
// and Postgres; decisions of this very router are multiplied and loaded with COPY, with what they cost, and decisions are asked at a steady
// rate before and meanwhile.
//   node --conditions=source --import tsx test/load/src/backtest.ts [--rows 1000000] [--rate 200] [--quiet-seconds 20]
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { copyIn, copyLine, openPool } from "@waybill/store";
import { eventually } from "@waybill/testing";
import { DecisionRecord } from "@waybill/wire";
import { adminOf } from "../../stack/admin.ts";
import { startStack, type TestStack } from "../../stack/start-stack.ts";
import { uuidAt } from "./generator/usage-record.ts";
import { cpuSeconds, type Part } from "./parts/process-usage.ts";
import { openRouterAsker } from "./parts/router-asker.ts";
import { addBudgets } from "./parts/three-budgets.ts";
import { percentiles } from "./percentiles.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    rate: { type: "string", default: "200" },
    "quiet-seconds": { type: "string", default: "20" },
  },
});
const ROWS = Number(values.rows);
const RATE = Number(values.rate);
const QUIET_MS = Number(values["quiet-seconds"]) * 1_000;
const ROWS_AT_ONCE = 10_000;
const TEMPLATES = 200;
const TEAMS = 20;
const SPAN_MS = 20 * 86_400_000;
const TARGET_MS = 300_000;
/** The route that is asked meanwhile; its decisions are not run again. */
const LIVE = "live";
/** What the first way of doing it is measured on. */
const PAGES = 10;
const PAGE = 1_000;
/** pico-USD per token of input and output. */
const RATES: Readonly<Record<string, [bigint, bigint]>> = {
  "scripted-1": [1_000_000n, 4_000_000n],
  "scripted-2": [2_000_000n, 8_000_000n],
};

const NIL = "00000000-0000-0000-0000-000000000000";
const DECISIONS = `requests.decision (request_id, attempt, request_month, decided_at, organisation_id, team_id, user_id, key_id,
  end_user_id, requested_model, route, route_version, path, reason, provider, model, refusal_code, took_us, record)`;
const ENTRIES = `ledger.entry (request_month, accounting_month, request_id, attempt, sequence, sign, class, source, outcome,
  token_source, state, occurred_at, recorded_at, attribution_id, routing_id, price_id, carrier_id, debit_account_id,
  credit_account_id, input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
  reasoning_tokens, cost_usd, duration_ms, suspect, stream)`;

const yaml = (url: string): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-2, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "2", output: "8"}}
`;

const model = (id: string, name: string, fallback: string) => ({
  ...{ id, kind: "model", model: `scripted/${name}`, next: "end", fallback },
});
/** The share of scripted-1, in percent. */
const split = (share: number) => ({
  nodes: [
    { id: "start", kind: "start", next: "plan" },
    { id: "plan", kind: "if", condition: 'metadata.user_plan == "paid"', whenTrue: "split", whenFalse: "one" },
    {
      id: "split",
      kind: "split",
      shares: [
        { percent: share, next: "one" },
        { percent: 100 - share, next: "two" },
      ],
    },
    model("one", "scripted-1", "two-instead"),
    model("two", "scripted-2", "one-instead"),
    { id: "one-instead", kind: "model", model: "scripted/scripted-1", next: "end" },
    { id: "two-instead", kind: "model", model: "scripted/scripted-2", next: "end" },
    { id: "end", kind: "end" },
  ],
});

await using stack = await startStack({
  replicas: { console: 1 },
  durable: true,
  waybillYaml: yaml,
  env: { all: { WAYBILL_LOG_LEVEL: "warn" } },
});
const admin = adminOf(stack);
const key = stack.keys.support_1 ?? "";
await addBudgets(stack, key);
for (const name of ["books", LIVE]) {
  const made = await admin("POST", "/api/v1/routes", { name, document: split(50), deploy: true });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
}
const asker = await openRouterAsker(stack, key);
const partOf = (name: "router" | "ledger"): Part => ({ name, pids: async () => stack.of(name).map(({ pid }) => pid) });
const PARTS = [partOf("router"), partOf("ledger")];
for (const name of ["books", LIVE]) {
  const isDecided = async () => (await asker.decide(`dynamic/${name}`)) === "ok";
  await eventually(isDecided, { reason: `${name} is decided`, timeoutMs: 20_000 });
}

const templates = await record(stack);
await timed(`${ROWS} recorded requests loaded`, () => load(stack, templates));
await timed("analysed", () => stack.sql("ANALYZE requests.decision, ledger.entry"));

const quiet = await decideFor(sleep(QUIET_MS));
print(`decisions at ${RATE}/s, nothing else`, quiet);

const document = split(80);
const startedAtMs = performance.now();
await timed(`the first ${PAGES * PAGE} page by page (/routes/plan)`, async () => {
  let cursor = "";
  for (let page = 0; page < PAGES; page += 1) {
    const { body } = await admin("POST", "/api/v1/routes/plan", { route: "books", document, cursor, limit: PAGE });
    cursor = body.nextCursor;
  }
});
console.log(`  = ${((performance.now() - startedAtMs) / PAGES).toFixed(0)} ms for 1,000`);

const before = await Promise.all(PARTS.map(cpuSeconds));
const meanwhile = await decideFor(timed(`${ROWS} requests run again (/routes/backtests)`, run));
print(`decisions at ${RATE}/s meanwhile`, meanwhile);
const after = await Promise.all(PARTS.map(cpuSeconds));
PARTS.forEach(({ name }, index) => {
  console.log(`  ${name} process: ${((after[index] ?? 0) - (before[index] ?? 0)).toFixed(1)} s of CPU meanwhile`);
});
console.log(
  `  load average of the machine: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(" ")}`,
);
asker.stop();

/** Decisions of this router, as the ledger keeps them. */
async function record(on: TestStack): Promise<DecisionRecord[]> {
  for (let asked = 0; asked < TEMPLATES; asked += 1) await asker.decide("dynamic/books");
  const read = () => on.sql("SELECT record FROM requests.decision WHERE route = 'books'");
  await eventually(async () => (await read()).length > TEMPLATES, { reason: "they are recorded", timeoutMs: 20_000 });
  return (await read()).map(({ record: bytes }) => DecisionRecord.decode(bytes as Buffer));
}

async function load(on: TestStack, from: readonly DecisionRecord[]): Promise<void> {
  const pool = openPool({ url: on.ownerUrl, applicationName: "load", connectionsMax: 1, statementTimeoutMs: 0 });
  const client = await pool.connect();
  const firstMs = Date.now() - SPAN_MS;
  for (let first = 0; first < ROWS; first += ROWS_AT_ONCE) {
    const some = Array.from({ length: Math.min(ROWS_AT_ONCE, ROWS - first) }, (_, index) =>
      lineOf(from, first + index, firstMs),
    );
    await copyIn(
      client,
      DECISIONS,
      some.map(({ decision }) => decision),
    );
    await copyIn(
      client,
      ENTRIES,
      some.map(({ entry }) => entry),
    );
  }
  client.release();
  await pool.end();
}

function lineOf(from: readonly DecisionRecord[], index: number, firstMs: number): { decision: string; entry: string } {
  const atMs = Math.floor(firstMs + (index / ROWS) * SPAN_MS);
  const requestId = uuidAt(atMs);
  const template = from[index % from.length];
  if (!template?.attribution || !template.explanation?.target) throw new Error("a template without a target");
  const teamId = `team-${index % TEAMS}`;
  const attribution = { ...template.attribution, teamId, teamName: `Team ${index % TEAMS}` };
  const { explanation } = template;
  const { provider = "", model: name = "" } = explanation.target ?? {};
  const bytes = DecisionRecord.encode({ ...template, requestId, decidedAtMs: BigInt(atMs), attribution }).finish();
  const month = `${new Date(atMs).toISOString().slice(0, 7)}-01`;
  const time = new Date(atMs).toISOString();
  const [input, output] = [BigInt(400 + (index % 1_600)), BigInt(50 + (index % 900))];
  const [inputRate, outputRate] = RATES[name] ?? [0n, 0n];
  const cost = (input * inputRate + output * outputRate).toString().padStart(13, "0");
  const costUsd = `${cost.slice(0, -12)}.${cost.slice(-12)}`;
  return {
    decision: copyLine([
      ...[requestId, 1, month, time, attribution.organisationId, teamId, "", attribution.keyId, "", "dynamic/books"],
      ...["books", 1, `{${explanation.path.map((node) => JSON.stringify(node)).join(",")}}`, explanation.reason],
      ...[provider, name, "", 60, `\\x${Buffer.from(bytes).toString("hex")}`],
    ]),
    entry: copyLine([
      ...[month, month, requestId, 1, 1, 1, "original", "worker", index % 50 === 0 ? "failed_free" : "success"],
      ...["provider", "priced", time, time, NIL, NIL, NIL, NIL, NIL, NIL, input, 0, 0, 0, output, 0],
      ...[index % 50 === 0 ? "0" : costUsd, 500 + (index % 3_000), false, true],
    ]),
  };
}

async function run(): Promise<void> {
  const answer = await fetch(`${stack.adminUrl}/api/v1/routes/backtests`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${stack.keys.admin}`,
      accept: "application/x-ndjson",
      "content-type": "application/json",
    },
    body: JSON.stringify({ route: "books", document, requestsMax: ROWS }),
  });
  const lines = (await answer.text()).trim().split("\n");
  const { result } = JSON.parse(lines.at(-1) ?? "{}");
  if (!result) throw new Error(lines.at(-1));
  console.log(`  progress was told ${lines.length - 1} times`);
  console.log(`  ${JSON.stringify(result.total)}`);
  for (const sentence of result.confidence) console.log(`  ${sentence}`);
}

/** At a steady rate until `work` is done: milliseconds from asking to the answer, each counted from when it was due. */
async function decideFor(work: Promise<unknown>): Promise<Float64Array> {
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  const tookMs: number[] = [];
  const open = new Set<Promise<void>>();
  const beganMs = performance.now();
  for (let asked = 0; !isOver; asked += 1) {
    const dueMs = beganMs + (asked * 1_000) / RATE;
    if (dueMs > performance.now()) await sleep(dueMs - performance.now());
    const one: Promise<void> = asker.decide(`dynamic/${LIVE}`).then((outcome) => {
      if (outcome !== "ok") throw new Error(outcome);
      tookMs.push(performance.now() - dueMs);
      open.delete(one);
    });
    open.add(one);
  }
  await Promise.all(open);
  await work;
  return Float64Array.from(tookMs);
}

function print(what: string, samples: Float64Array): void {
  const { count, p50, p99, max } = percentiles([samples]);
  console.log(`${what}: ${count}, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, longest ${max.toFixed(1)} ms`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const beganMs = performance.now();
  await work();
  const tookMs = performance.now() - beganMs;
  const verdict = what.includes("backtests")
    ? ` (≤ ${TARGET_MS / 1_000} s: ${tookMs <= TARGET_MS ? "met" : "MISSED"})`
    : "";
  console.log(`${what} in ${(tookMs / 1_000).toFixed(1)} s${verdict}`);
}
