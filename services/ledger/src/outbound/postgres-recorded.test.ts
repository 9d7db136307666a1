// Recorded requests in bulk, on a real database: the first decision of each, the newest first, with what stands of its attempts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parseUsd } from "@waybill/domain";
import { openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { DecisionRecord, type RecordedRequest, type StreamRecordedRequest } from "@waybill/wire";
import type { DecisionRow } from "../core/decision-row.ts";
import { planEntries } from "../core/plan-entries.ts";
import { sampleFact, sampleRequest } from "../core/sample-fact.test.ts";
import { requestMonthOf } from "../inbound/read-decisions.ts";
import { readListRequest } from "../inbound/read-list-request.ts";
import { postgresBooks } from "./postgres-books.ts";
import { postgresDecisions } from "./postgres-decisions.ts";
import { postgresRecorded } from "./postgres-recorded.ts";

let database: TestDatabase;
let pool: Pool;

const REQUESTS = 2_500;
const LARGE_BYTES = 700_000;
const [FIRST, SECOND, THIRD] = [sampleRequest(1), sampleRequest(2), sampleRequest(3)];

function row(request: ReturnType<typeof sampleRequest>, more: Partial<DecisionRow> = {}): DecisionRow {
  const { requestId, requestedAtMs } = { ...sampleFact(), ...request };
  const requestMonth = requestMonthOf(requestId) ?? assert.fail();
  const none = {
    userId: "",
    keyId: "",
    endUserId: "",
    requestedModel: "",
    path: "",
    reason: "",
    refusalCode: "",
    session: "",
  };
  return {
    ...{ requestId, requestMonth, attempt: 1, decidedAtMs: requestedAtMs, organisationId: "acme", teamId: "support" },
    ...{ ...none, route: "r", routeVersion: 1, provider: "a", model: "m", tookUs: 1, tags: {} },
    record: DecisionRecord.encode(DecisionRecord.create({ requestId })).finish(),
    ...more,
  };
}

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 2 });
  const decisions = postgresDecisions(pool);
  await decisions.keep([
    row(FIRST),
    row(FIRST, { attempt: 2 }),
    row(SECOND, { teamId: "sales" }),
    row(THIRD, { organisationId: "other" }),
    row(sampleRequest(4), { route: "another" }),
  ]);
  await decisions.keep(
    Array.from({ length: REQUESTS }, (_, index) => row(sampleRequest(100 + index), { route: "many" })),
  );
  await decisions.keep(
    Array.from({ length: 5 }, (_, index) =>
      row(sampleRequest(5_000 + index), { route: "large", record: Buffer.alloc(LARGE_BYTES, index + 1) }),
    ),
  );
  const facts = [
    sampleFact({ ...FIRST, outcome: "failed_billed", costPicoUsd: parseUsd("0.1"), durationMs: 10 }),
    sampleFact({ ...FIRST, attempt: 2, costPicoUsd: parseUsd("0.25"), durationMs: 30 }),
    sampleFact({ ...SECOND, priced: false, costPicoUsd: 0n }),
  ];
  const books = postgresBooks(pool);
  await books.openMonths(facts);
  await books.transact(async (open) => open.add(planEntries(await open.recordsOf(facts), facts)));
});
after(async () => {
  await pool.end();
  await database.stop();
});

async function read(asked: Partial<StreamRecordedRequest>, requestsMax = 10_000) {
  const whole = { organisationId: "", teamId: "", route: "r", fromMs: 0n, untilMs: 0n, requestsMax, ...asked };
  const { filter } = readListRequest({ ...whole, model: "", refusalCode: "", cursor: "", limit: 0, firstOnly: true });
  const messages = [];
  const { signal } = new AbortController();
  for await (const message of postgresRecorded(pool).stream(filter, requestsMax, signal)) messages.push(message);
  return { total: messages[0]?.total, messages, requests: messages.flatMap(({ requests }) => requests) };
}

const idOf = ({ record }: RecordedRequest) => DecisionRecord.decode(record).requestId;

test("the newest first, each once, with all its attempts as they stand; an unknown cost is unknown", async () => {
  const { total, requests } = await read({ organisationId: "acme" });
  assert.equal(total, 2n);
  assert.deepEqual(requests.map(idOf), [SECOND.requestId, FIRST.requestId]);
  assert.deepEqual(
    requests.map(({ attempts }) => attempts.map((one) => [one.attempt, one.outcome, one.costPicoUsd, one.durationMs])),
    [
      [[1, "success", "", sampleFact().durationMs ?? 0]],
      [
        [1, "failed_billed", parseUsd("0.1").toString(), 10],
        [2, "success", parseUsd("0.25").toString(), 30],
      ],
    ],
  );
});

test("what is nowhere on the books has no attempts; a team's are its own", async () => {
  assert.deepEqual((await read({ organisationId: "other" })).requests[0]?.attempts, []);
  assert.deepEqual((await read({ teamId: "sales" })).requests.map(idOf), [SECOND.requestId]);
});

test("many pages hold each request once, and no more than are wanted", async () => {
  const { total, requests } = await read({ route: "many" });
  assert.deepEqual([total, requests.length, new Set(requests.map(idOf)).size], [BigInt(REQUESTS), REQUESTS, REQUESTS]);
  const some = await read({ route: "many" }, 1_500);
  assert.deepEqual([some.total, some.requests.length], [1_501n, 1_500]);
  assert.deepEqual(some.requests.map(idOf), requests.slice(0, 1_500).map(idOf));
});

test("large records are split over messages that gRPC takes", async () => {
  const { messages } = await read({ route: "large" });
  assert.deepEqual(
    messages.map(({ requests }) => requests.length),
    [0, 2, 2, 1],
  );
});
