// How long the log of requests takes to answer over many entries: the newest, by what is common, by what is rare, and by what nothing has.
// An answer may say that it has not looked at everything; then the next one goes on, and all of them together are told.
//   node --conditions=source --import tsx test/load/src/requests.ts [--rows 5000000]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { plainCredentials, tokenMetadata } from "@waybill/rpc";
import { freePort, startTestNats } from "@waybill/testing";
import { LedgerServiceClient, ListRequestsRequest, type ListRequestsResponse } from "@waybill/wire";
import { uuidAt } from "./generator/usage-record.ts";
import { ROOT } from "./machine.ts";
import { loadBooks, MONTH, MONTH_END_MS, MONTH_MS } from "./parts/load-books.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "5000000" } } });
const rows = Number(values.rows);
const REFUSED = Math.floor(rows / 100);
const TARGET_MS = 2_000;
const DAY_MS = 86_400_000;
const ANSWERS_MAX = 200;
const DEADLINE_MS = 20_000;
const TOKEN = "load";

type Wish = Parameters<typeof ListRequestsRequest.fromPartial>[0];
const DAY: Wish = { fromMs: BigInt(MONTH_END_MS - DAY_MS), untilMs: BigInt(MONTH_END_MS) };
const WHOLE: Wish = { fromMs: BigInt(MONTH_MS), untilMs: BigInt(MONTH_END_MS) };
const MIDDLE_MS = BigInt(MONTH_MS + 15 * DAY_MS);
const WISHES: Readonly<Record<string, Wish>> = {
  "the newest 100": DAY,
  "the newest 1000": { ...DAY, limit: 1_000 },
  "100 from the middle of the month": { ...WHOLE, untilMs: MIDDLE_MS },
  "a team of 20, a day": { ...DAY, teamId: "team-3" },
  "a team and a model, the month": { ...WHOLE, teamId: "team-3", model: "openai/model-4" },
  "a key that is seldom used, the month": { ...WHOLE, keyId: "key-999" },
  "a tag, a day": { ...DAY, tags: { app: "chat-3" } },
  "a session of ten requests, a day": { ...DAY, session: `session-${Math.floor((rows - 1_000) / 30)}` },
  "refused, the month": { ...WHOLE, refusalCode: "any" },
  "paid and failed, the month": { ...WHOLE, outcome: "failed_billed" },
  "an end user of 50,000, the month": { ...WHOLE, endUserId: "customer-77" },
  "a key that nobody has, the month": { ...WHOLE, keyId: "nobody" },
  "without a price (none is), the month": { ...WHOLE, unpriced: true },
  "a finish reason of a few, the month": { ...WHOLE, finishReason: "rare" },
  "dearer than any was, the month": { ...WHOLE, minCostPicoUsd: "1000000000000000" },
};

await using books = await loadBooks("requests", rows);
await books.owner.query(
  `INSERT INTO requests.decision (request_id, attempt, request_month, decided_at, organisation_id, team_id, user_id, key_id,
     end_user_id, requested_model, route, route_version, path, reason, provider, model, refusal_code, took_us, record)
   SELECT id, 1, $1, now(), 'acme', 'team-1', '', '', '', 'm', '', 0, '{}', '', '', '', 'budget_exceeded', 0, ''
   FROM unnest($2::uuid[]) AS id`,
  [MONTH, Array.from({ length: REFUSED }, (_, n) => uuidAt(MONTH_MS + Math.floor((n / REFUSED) * 31 * DAY_MS)))],
);
await books.owner.query("VACUUM ANALYZE");
const { rows: sizes } = await books.owner.query(
  "SELECT round(pg_total_relation_size('ledger.entry_2026_10')::numeric / $1, 1) AS bytes",
  [rows],
);
console.log(`  ${sizes[0].bytes} bytes an entry, with its indexes; ${REFUSED} refused requests beside them`);

await using nats = await startTestNats();
const port = await freePort();
const ledger = spawn(
  process.execPath,
  ["--conditions=source", "--import", "tsx", join(ROOT, "services/ledger/src/main.ts")],
  {
    env: {
      PATH: process.env.PATH,
      NATS_URL: nats.url,
      NATS_USER: "ledger",
      NATS_PASSWORD: nats.credentials("ledger").password,
      DATABASE_URL: books.urlOf("waybill_ledger"),
      WAYBILL_GRPC_PORT: String(port),
      WAYBILL_ACCEPTED_TOKENS: `console=${createHash("sha256").update(TOKEN).digest("hex")}`,
      WAYBILL_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "inherit", "inherit"],
  },
);
const client = new LedgerServiceClient(`127.0.0.1:${port}`, plainCredentials);
try {
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + DEADLINE_MS, (error) => (error ? reject(error) : resolve()));
  });
  for (const [what, wish] of Object.entries(WISHES)) console.log(`  ${what}: ${await answersTo(wish)}`);
} finally {
  client.close();
  ledger.kill("SIGTERM");
}

function ask(wish: Wish): Promise<ListRequestsResponse> {
  const deadline = Date.now() + DEADLINE_MS;
  const request = ListRequestsRequest.fromPartial(wish);
  return new Promise((resolve, reject) => {
    client.listRequests(request, tokenMetadata(TOKEN), { deadline }, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

/** Asks until the page is full or everything was looked at. */
async function answersTo(wish: Wish): Promise<string> {
  const limit = Number(wish.limit ?? 100);
  const took: number[] = [];
  let [found, cursor] = [0, ""];
  do {
    const startedAtMs = performance.now();
    const answer = await ask({ ...wish, cursor, limit: limit - found });
    took.push(performance.now() - startedAtMs);
    found += answer.requests.length;
    cursor = answer.nextCursor;
  } while (found < limit && cursor !== "" && took.length < ANSWERS_MAX);
  const longest = Math.max(...took);
  const all = took.length === 1 ? "one answer" : `${took.length} answers, ${(sum(took) / 1_000).toFixed(1)} s in all`;
  return `${found} found, ${all}, the longest ${Math.round(longest)} ms (≤ ${TARGET_MS} ms: ${longest <= TARGET_MS ? "met" : "MISSED"})`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
