// The log of requests, asked on a real database: each filter, pages, and what is refused or under way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { firstUuidOf, parseUsd } from "@waybill/domain";
import { openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import { DecisionBatch, DecisionRecord, ListRequestsRequest } from "@waybill/wire";
import { planEntries } from "../core/plan-entries.ts";
import { sampleFact, sampleRequest } from "../core/sample-fact.test.ts";
import type { UsageFact } from "../core/usage-fact.ts";
import { readDecisions } from "../inbound/read-decisions.ts";
import { readRequestsSearch } from "../inbound/read-requests-search.ts";
import { postgresBooks } from "./postgres-books.ts";
import { postgresDecisions } from "./postgres-decisions.ts";
import { postgresRequests, type SearchedRequests } from "./postgres-requests.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const { requestedAtMs: FIRST_MS, attribution: ADA } = sampleFact();
const AROUND = { fromMs: BigInt(FIRST_MS - DAY_MS), untilMs: BigInt(FIRST_MS + DAY_MS) };

let database: TestDatabase;
let pool: Pool;

/** Each by what is of interest about it; the number is the milliseconds after the first. */
const REQUESTS = {
  plain: sampleRequest(0),
  routed: sampleRequest(1_000),
  fellBack: sampleRequest(2_000),
  unpriced: sampleRequest(3_000),
  cached: sampleRequest(4_000),
  refused: sampleRequest(5_000),
  refusedLate: sampleRequest(6_000),
  others: sampleRequest(7_000),
  corrected: sampleRequest(8_000),
};
type Name = keyof typeof REQUESTS;

async function book(...facts: UsageFact[]): Promise<void> {
  const books = postgresBooks(pool);
  await books.openMonths(facts);
  await books.transact(async (open) => open.add(planEntries(await open.recordsOf(facts), facts)));
}

async function decide(...records: DecisionRecord[]): Promise<void> {
  const { decisions, broken } = readDecisions(DecisionBatch.encode({ records, answers: [] }).finish());
  assert.deepEqual(broken, []);
  await postgresDecisions(pool).keep(decisions.map(({ row }) => row));
}

function decision(requestId: string, refusalCode: string, attempt = 1): DecisionRecord {
  return DecisionRecord.fromPartial({
    ...{ requestId, attempt, decidedAtMs: BigInt(FIRST_MS) },
    attribution: {
      organisationId: "acme",
      teamId: "support",
      userId: "ada",
      keyId: "k1",
      tags: { app: "chat", environment: "staging" },
    },
    inputs: { features: { requestedModel: "dynamic/chat", routing: { sessionId: "s-1" } } },
    explanation: {
      ...{ route: "chat", routeVersion: 2, refusalCode },
      target: refusalCode === "" ? { provider: "sim", model: "premium" } : undefined,
    },
  });
}

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  pool = openPool({
    url: database.urlAs("waybill_ledger"),
    applicationName: "test",
    connectionsMax: 2,
    readsAlong: true,
  });
  const tags = { app: "chat", environment: "production" };
  const failed = {
    attempt: 1,
    outcome: "failed_free",
    errorCode: "provider_unavailable",
    finishReason: "",
    costPicoUsd: 0n,
  };
  await book(
    sampleFact(REQUESTS.plain),
    sampleFact({
      ...{
        ...REQUESTS.routed,
        route: "chat",
        routeVersion: 2,
        requestedModel: "dynamic/chat",
        session: "s-1",
        stream: true,
      },
      ...{ attribution: { ...ADA, endUserId: "customer-7", tags }, costPicoUsd: parseUsd("0.5"), firstTokenMs: 40 },
    }),
    sampleFact({ ...REQUESTS.fellBack, ...failed, provider: "east", model: "premium", providerAccount: "second" }),
    sampleFact({ ...REQUESTS.fellBack, attempt: 2, finishReason: "length" }),
    sampleFact({
      ...REQUESTS.unpriced,
      priced: false,
      costPicoUsd: 0n,
      suspect: true,
      evidenceJson: '{"price_unbounded":true}',
    }),
    sampleFact({ ...REQUESTS.cached, attempt: 0, costPicoUsd: 0n, source: "ingress", tokenSource: "none" }),
    sampleFact({ ...REQUESTS.refusedLate, ...failed }),
    sampleFact({ ...REQUESTS.others, attribution: { ...ADA, organisationId: "other", teamId: "theirs" } }),
    sampleFact({
      ...REQUESTS.corrected,
      outcome: "unknown",
      source: "lost",
      tokenSource: "worst_case",
      costPicoUsd: parseUsd("9"),
    }),
  );
  await book(sampleFact(REQUESTS.corrected));
  await decide(
    ...[
      decision(REQUESTS.refused.requestId, "budget_exceeded"),
      decision(REQUESTS.refusedLate.requestId, "no_workers", 2),
    ],
    decision(REQUESTS.fellBack.requestId, ""),
  );
});
after(async () => {
  await pool.end();
  await database.stop();
});

function search(request: Partial<ListRequestsRequest>, nowMs = FIRST_MS): Promise<SearchedRequests> {
  const { filter, place, limit } = readRequestsSearch(
    ListRequestsRequest.fromPartial({ ...AROUND, ...request }),
    nowMs,
  );
  return postgresRequests(pool).search(filter, place, limit);
}
const nameOf = (id: string): string =>
  Object.entries(REQUESTS).find(([, { requestId }]) => requestId === id)?.[0] ?? id;
const found = async (request: Partial<ListRequestsRequest>): Promise<string[]> =>
  (await search(request)).requests.map(({ requestId }) => nameOf(requestId));

test("every request in a row of its own, the newest first", async () => {
  const { requests, isOver } = await search({});
  const newestFirst = Object.values(REQUESTS)
    .map(({ requestId }) => requestId)
    .reverse();
  assert.deepEqual(
    requests.map(({ requestId }) => requestId),
    newestFirst,
  );
  assert.equal(isOver, true);
  const of = (name: Name) => requests.find(({ requestId }) => requestId === REQUESTS[name].requestId);
  const routed = of("routed");
  assert.deepEqual(
    [routed?.teamName, routed?.endUserId, routed?.session, routed?.environment, routed?.tags.app, routed?.costPicoUsd],
    ["Support", "customer-7", "s-1", "production", "chat", parseUsd("0.5").toString()],
  );
  assert.deepEqual([routed?.route, routed?.routeVersion, routed?.firstTokenMs, routed?.stream], ["chat", 2, 40n, true]);
  assert.deepEqual(
    [of("fellBack")?.attempts, of("fellBack")?.outcome, of("fellBack")?.model],
    [2, "success", "economy"],
  );
  assert.deepEqual([of("unpriced")?.costPicoUsd, of("unpriced")?.unpricedAttempts], ["", 1]);
  assert.deepEqual([of("cached")?.attempts, of("cached")?.cached], [0, true]);
  assert.deepEqual(
    [of("refused")?.outcome, of("refused")?.environment, of("refused")?.session],
    ["refused", "staging", "s-1"],
  );
  assert.deepEqual([of("refusedLate")?.outcome, of("refusedLate")?.refusalCode], ["failed_free", "no_workers"]);
  // What was believed at first is taken back.
  assert.deepEqual(
    [of("corrected")?.outcome, of("corrected")?.costPicoUsd],
    ["success", sampleFact().costPicoUsd.toString()],
  );
});

const FILTERS: readonly [what: Partial<ListRequestsRequest>, names: Name[]][] = [
  [{ organisationId: "other" }, ["others"]],
  [{ teamId: "theirs" }, ["others"]],
  [{ organisationId: "acme", teamId: "theirs" }, []],
  [{ userId: "ada", route: "chat" }, ["refusedLate", "refused", "routed"]],
  [{ keyId: "k1", endUserId: "customer-7" }, ["routed"]],
  [{ session: "s-1" }, ["refusedLate", "refused", "routed"]],
  [{ environment: "staging" }, ["refusedLate", "refused"]],
  [{ tags: { app: "chat", environment: "production" } }, ["routed"]],
  [{ tags: { app: "other" } }, []],
  [{ route: "chat", routeVersion: 3 }, []],
  [{ requestedModel: "dynamic/chat" }, ["refusedLate", "refused", "routed"]],
  [{ model: "east/premium" }, []],
  [{ model: "east/premium", anyAttempt: true }, ["fellBack"]],
  [{ provider: "east", account: "second", outcome: "failed_free", anyAttempt: true }, ["fellBack"]],
  [{ provider: "east", outcome: "success", anyAttempt: true }, []],
  [{ outcome: "failed_free" }, ["refusedLate"]],
  [{ outcome: "unknown" }, []],
  [{ outcome: "refused" }, ["refused"]],
  [{ errorCode: "provider_unavailable" }, ["refusedLate"]],
  [{ errorCode: "provider_unavailable", anyAttempt: true }, ["refusedLate", "fellBack"]],
  [{ errorCode: "budget_exceeded" }, ["refused"]],
  [{ finishReason: "length" }, ["fellBack"]],
  [{ refusalCode: "any" }, ["refusedLate", "refused"]],
  [{ refusalCode: "no_workers" }, ["refusedLate"]],
  [{ minCostPicoUsd: parseUsd("0.1").toString() }, ["routed"]],
  [{ unpriced: true }, ["unpriced"]],
  [{ suspect: true }, ["unpriced"]],
  [{ fallbacks: true }, ["fellBack"]],
  [{ cached: true }, ["cached"]],
];
for (const [filter, names] of FILTERS) {
  test(`${JSON.stringify(filter)} finds ${names.join(", ") || "nothing"}`, async () => {
    assert.deepEqual(await found(filter), names);
  });
}

test("pages follow each other without a gap or a request twice, also over months", async () => {
  const [older, oldest] = [sampleRequest(-40 * DAY_MS), sampleRequest(-100 * DAY_MS)];
  await book(sampleFact(older), sampleFact(oldest));
  const fromMs = BigInt(FIRST_MS - 101 * DAY_MS);
  const ids: string[] = [];
  let cursor = "";
  for (let page = 0; page < 20; page += 1) {
    const { filter, place, limit } = readRequestsSearch(
      ListRequestsRequest.fromPartial({ ...AROUND, fromMs, cursor, limit: 2 }),
      FIRST_MS,
    );
    const { requests, beforeId, isOver } = await postgresRequests(pool).search(filter, place, limit);
    ids.push(...requests.map(({ requestId }) => requestId));
    if (isOver) break;
    cursor = `${place.fromMs}_${beforeId}`;
  }
  const all = [...Object.values(REQUESTS).reverse(), older, oldest].map(({ requestId }) => requestId);
  assert.deepEqual(ids, all);
});

test("a time is whole milliseconds of the request's arrival: from it on, and before until", async () => {
  const [from, until] = [BigInt(REQUESTS.routed.requestedAtMs), BigInt(REQUESTS.unpriced.requestedAtMs)];
  assert.deepEqual(await found({ fromMs: from, untilMs: until }), ["fellBack", "routed"]);
});

test("what was decided just now is there before anything is booked, and once", async () => {
  const nowMs = Date.now();
  const requestId = `${firstUuidOf(nowMs).slice(0, 13)}-7abc-8000-000000000001`;
  const just = { ...{ fromMs: BigInt(nowMs - 1_000), untilMs: BigInt(nowMs + 1_000) } };
  await decide(decision(requestId, ""));
  const [pending] = (await search({ ...just, outcome: "pending" }, nowMs)).requests;
  assert.deepEqual([pending?.requestId, pending?.outcome, pending?.costPicoUsd], [requestId, "pending", ""]);
  assert.equal((await search({ ...just, teamId: "support" }, nowMs)).requests.length, 1);
  await book(sampleFact({ requestId, requestedAtMs: nowMs }));
  const [booked, ...more] = (await search(just, nowMs)).requests;
  assert.deepEqual([booked?.outcome, booked?.attempts, more.length], ["success", 1, 0]);
  assert.equal((await search({ ...just, outcome: "pending" }, nowMs)).requests.length, 0);
});

test("one request is told as in the list", async () => {
  const { requestId } = REQUESTS.fellBack;
  const one = await postgresRequests(pool).one(requestId, "2024-11-01");
  assert.deepEqual(one, (await search({ fallbacks: true })).requests[0]);
  assert.equal(await postgresRequests(pool).one(sampleRequest(99).requestId, "2024-11-01"), undefined);
});

test("many requests: a step ends where it has seen enough, and the next goes on", async () => {
  const many = Array.from({ length: 5_000 }, (_, index) =>
    sampleFact({ ...sampleRequest(-10 * HOUR_MS - index), ...(index === 4_999 && { finishReason: "rare" }) }),
  );
  await book(...many);
  assert.equal((await search({ finishReason: "rare" })).requests.length, 1);
  assert.equal((await search({ limit: 1_000 })).requests.length, 1_000);
  assert.equal((await search({ teamId: "nobody" })).requests.length, 0);
});

test("what is asked wrongly is told, every problem at once", () => {
  const ask = (request: Partial<ListRequestsRequest>) => () =>
    readRequestsSearch(ListRequestsRequest.fromPartial(request), FIRST_MS);
  assert.throws(ask({ model: "economy" }), /named <provider>\/<model>/);
  assert.throws(ask({ provider: "a", model: "b/c" }), /of another provider/);
  assert.throws(ask({ outcome: "good", cursor: "x", limit: 1_001 }), /cursor.*outcome.*At most 1000/);
  assert.throws(ask({ fromMs: 5n, untilMs: 5n }), /before until/);
  assert.throws(ask({ fromMs: -1n }), /no time/);
  assert.throws(ask({ minCostPicoUsd: "1.5" }), /no amount/);
});
