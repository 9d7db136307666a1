// Decisions in the ledger, a process on a real NATS and a real Postgres: kept once, found again with what they cost, and never in
// the way of money.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ask, connectBus, declareStream, type NatsConnection, Publisher, sightConsumer } from "@waybill/bus";
import { plainCredentials, tokenMetadata } from "@waybill/rpc";
import { connectOnce } from "@waybill/store";
import {
  eventually,
  freePort,
  migrationsOf,
  startTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from "@waybill/testing";
import {
  AttemptOutcome,
  DecisionBatch,
  DecisionRecord,
  decisionConsumer,
  GetRequestRequest,
  LedgerServiceClient,
  ListDecisionsRequest,
  RecordSource,
  type RequestDetail,
  STREAMS,
  subjects,
  TokenSource,
  UsageRecord,
} from "@waybill/wire";
import { sampleRequest } from "./core/sample-fact.test.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const TOKEN = "console-token";
const NOT_FOUND = 5;
const INVALID_ARGUMENT = 3;
const UNAUTHENTICATED = 16;

let nats: TestNats;
let nc: NatsConnection;
let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let client: LedgerServiceClient;
let healthPort: number;
let ledger: AsyncDisposable;

before(async () => {
  nats = await startTestNats();
  const { user, password } = nats.credentials("operator");
  nc = await connectBus({ url: nats.url, user, password, service: "ledger", name: "test" });
  for (const stream of [STREAMS.usage, STREAMS.decisions, STREAMS.dead]) await declareStream(nc, stream);
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  owner = await connectOnce(database.ownerUrl, "test");
  const grpcPort = await freePort();
  healthPort = await freePort();
  // Old ones that are to go at once, and one that is to stay; under ids that no test's request has.
  await owner.query(
    `INSERT INTO requests.decision SELECT ('01932f5e-8a00-7abc-9def-' || lpad(n::text, 12, '0'))::uuid, 1, '2024-11-01',
       now() - make_interval(days => CASE n WHEN 0 THEN 29 ELSE 31 END), 'old', '', '', '', '', '', '', 0, '{}', '', '', '',
       '', 0, '' FROM generate_series(0, 12000) n`,
  );
  ledger = startLedger(grpcPort);
  client = new LedgerServiceClient(`127.0.0.1:${grpcPort}`, plainCredentials);
  await isReady();
});
after(async () => {
  client.close();
  await ledger[Symbol.asyncDispose]();
  await owner.end();
  await nc.close();
  await database.stop();
  await nats.stop();
});

function startLedger(grpcPort: number): AsyncDisposable {
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", MAIN], {
    env: {
      PATH: process.env.PATH,
      NATS_URL: nats.url,
      NATS_USER: "ledger",
      NATS_PASSWORD: nats.credentials("ledger").password,
      DATABASE_URL: database.urlAs("waybill_ledger"),
      WAYBILL_HEALTH_PORT: String(healthPort),
      WAYBILL_GRPC_PORT: String(grpcPort),
      WAYBILL_LOG_LEVEL: "silent",
      WAYBILL_ACCEPTED_TOKENS: `console=${createHash("sha256").update(TOKEN).digest("hex")}`,
      WAYBILL_LEDGER_ACK_WAIT_MS: "1000",
      WAYBILL_LEDGER_GATHER_MS: "10",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function isReady(): Promise<void> {
  const url = `http://127.0.0.1:${healthPort}/readyz`;
  await eventually(async () => (await fetch(url)).ok, { reason: "the ledger is ready", timeoutMs: 20_000 });
}

let requests = 0;
const newRequest = (): string => sampleRequest(requests++).requestId;

interface Sample {
  requestId?: string;
  attempt?: number;
  decidedAtMs?: number;
  organisationId?: string;
  teamId?: string;
  route?: string;
  model?: string;
  refusalCode?: string;
  reason?: string;
}

const NOW_MS = Date.now();
function sample(changes: Sample = {}): DecisionRecord {
  const { requestId = newRequest(), attempt = 1, organisationId = "acme", teamId = "support", route = "" } = changes;
  const { model = "economy", refusalCode = "", reason = "because", decidedAtMs = NOW_MS + requests } = changes;
  return DecisionRecord.fromPartial({
    ...{ requestId, attempt, decidedAtMs: BigInt(decidedAtMs), routerId: "router-1", tookUs: 50 },
    attribution: { organisationId, teamId, userId: "ada" },
    inputs: { features: { requestedModel: "dynamic/support" } },
    explanation: {
      ...{ route, routeVersion: 3, path: ["start", "split:a", "one"], reason, refusalCode },
      target: refusalCode === "" ? { provider: "sim", model } : undefined,
    },
  });
}

let messages = 0;
async function publish(subject: string, data: Uint8Array): Promise<void> {
  const publisher = new Publisher(nc);
  messages += 1;
  const outcome = await publisher.publish({ subject, data, id: `m${messages}`, timeoutMs: 5_000 });
  assert.equal(outcome.kind, "stored");
}

async function publishDecisions(...records: DecisionRecord[]): Promise<void> {
  await publish(subjects.decision("acme"), DecisionBatch.encode({ records, answers: [] }).finish());
}

async function publishUsage(
  requestId: string,
  { attempt = 1, ...changes }: Parameters<typeof UsageRecord.fromPartial>[0] & { attempt?: number } = {},
): Promise<void> {
  const record = UsageRecord.fromPartial({
    ...{ attemptId: `${requestId}.${attempt}`, requestId, attempt },
    ...{ source: RecordSource.WORKER, outcome: AttemptOutcome.SUCCESS },
    tokenSource: TokenSource.PROVIDER,
    attribution: { organisationId: "acme", teamId: "support" },
    target: { provider: "sim", model: "economy" },
    price: { version: "v1" },
    usage: { input: 10n, output: 5n },
    ...{ costPicoUsd: 1_000n, costKnown: true },
    ...changes,
  });
  const name = record.source === RecordSource.WORKER ? "worker" : "ingress";
  record.recordId = `${record.attemptId}:${name}`;
  await publish(subjects.usage("acme"), UsageRecord.encode(record).finish());
}

/** All delivered, and all acknowledged. */
async function done(stream: string): Promise<void> {
  await eventually(
    async () => {
      const { pending, unacknowledged } = await sightConsumer(nc, stream, "ledger");
      return pending + unacknowledged === 0;
    },
    { reason: `nothing waits on ${stream}`, timeoutMs: 15_000 },
  );
}

interface Page {
  requestIds: string[];
  next: string;
}

function list(request: Parameters<typeof ListDecisionsRequest.fromPartial>[0], token = TOKEN): Promise<Page> {
  return new Promise((resolve, reject) => {
    client.listDecisions(ListDecisionsRequest.fromPartial(request), tokenMetadata(token), (error, response) => {
      if (error) reject(error);
      else {
        const requestIds = response.decisions.map(({ record }) => record?.requestId ?? "");
        resolve({ requestIds, next: response.nextCursor });
      }
    });
  });
}

function getRequest(requestId: string, organisationId = ""): Promise<RequestDetail> {
  return new Promise((resolve, reject) => {
    const request = GetRequestRequest.create({ requestId, organisationId });
    client.getRequest(request, tokenMetadata(TOKEN), (error, response) => (error ? reject(error) : resolve(response)));
  });
}

async function rowsOf(requestId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await owner.query("SELECT * FROM requests.decision WHERE request_id = $1", [requestId]);
  return rows;
}

test("a decision is found within two seconds, as it was recorded", async () => {
  const record = sample({ route: "support" });
  await publishDecisions(record);
  const startedMs = performance.now();
  const detail = await eventually(() => getRequest(record.requestId), { reason: "it is kept", timeoutMs: 2_000 });
  assert.ok(performance.now() - startedMs < 2_000);
  assert.deepEqual(detail.decisions[0]?.record, record);
  assert.equal(detail.decisions[0]?.cost, undefined, "nothing is on the books: absent, not zero");
  const [row] = await rowsOf(record.requestId);
  assert.deepEqual(
    [row?.path, row?.reason, row?.route, row?.route_version, row?.took_us],
    [["start", "split:a", "one"], "because", "support", 3n, 50n],
  );
  assert.equal(Number(row?.decided_at), Number(record.decidedAtMs));
});

test("a batch that comes again is kept once; what is broken in it is parked with its reason, and the rest kept", async () => {
  const [one, two] = [sample(), sample({ reason: "with \0 NUL" })];
  const broken = DecisionRecord.fromPartial({ ...sample(), requestId: "not an id" });
  const garbage = Uint8Array.from([0x0a, 3, 0xff, 0xff, 0xff]);
  const encode = (...records: DecisionRecord[]): Uint8Array => DecisionBatch.encode({ records, answers: [] }).finish();
  const data = Buffer.concat([encode(one), garbage, encode(broken), encode(two)]);
  for (const _time of [1, 2, 3]) await publish(subjects.decision("acme"), data);
  await publish(subjects.decision("acme"), new TextEncoder().encode("not a batch"));
  await done(STREAMS.decisions.name);
  assert.deepEqual([(await rowsOf(one.requestId)).length, (await rowsOf(two.requestId)).length], [1, 1]);
  assert.deepEqual(
    await deadReasons(),
    ["not a batch of decisions", "not a decision record", "the request id is not one"],
    "each once, however often it came",
  );
});

/** Reasons on DEAD, which the server gives one by one. */
async function deadReasons(): Promise<string[]> {
  const reasons: string[] = [];
  for (let seq = 1; ; seq += 1) {
    const answer = await ask(nc, `$JS.API.STREAM.MSG.GET.${STREAMS.dead.name}`, Buffer.from(JSON.stringify({ seq })), {
      timeoutMs: 5_000,
    });
    assert.ok(answer.kind === "answered");
    const { message } = answer.message.json<{ message?: { hdrs?: string } }>();
    if (!message) return reasons.sort();
    const headers = Buffer.from(message.hdrs ?? "", "base64").toString();
    reasons.push(/reason: *(.*)\r/i.exec(headers)?.[1] ?? "");
  }
}

test("a list holds what matches every filter, newest first", async () => {
  const at = NOW_MS + 1_000_000;
  const org = { organisationId: "filters" };
  const records = [
    sample({ ...org, decidedAtMs: at + 1, teamId: "a", route: "r1" }),
    sample({ ...org, decidedAtMs: at + 2, teamId: "b", route: "r1", model: "premium" }),
    sample({ ...org, decidedAtMs: at + 3, teamId: "a", refusalCode: "budget_exceeded" }),
    sample({ ...org, decidedAtMs: at + 4, teamId: "a", route: "r2", refusalCode: "no_workers" }),
  ];
  const second = sample({ ...org, requestId: records[0]?.requestId ?? "", attempt: 2, decidedAtMs: at + 5 });
  await publishDecisions(...records, second);
  await done(STREAMS.decisions.name);
  const ids = records.map(({ requestId }) => requestId);
  const found = async (filter: Parameters<typeof list>[0]): Promise<number[]> =>
    (await list({ ...org, ...filter })).requestIds.map((id) => ids.indexOf(id));
  assert.deepEqual(await found({}), [0, 3, 2, 1, 0]);
  assert.deepEqual(await found({ firstOnly: true }), [3, 2, 1, 0]);
  assert.deepEqual(await found({ route: "r1" }), [1, 0]);
  assert.deepEqual(await found({ teamId: "a", firstOnly: true }), [3, 2, 0]);
  assert.deepEqual(await found({ model: "sim/premium" }), [1]);
  assert.deepEqual(await found({ model: "other/premium" }), []);
  assert.deepEqual(await found({ refusalCode: "any" }), [3, 2]);
  assert.deepEqual(await found({ refusalCode: "budget_exceeded" }), [2]);
  assert.deepEqual(await found({ refusalCode: "any", route: "r2" }), [3]);
  assert.deepEqual(await found({ fromMs: BigInt(at + 2), untilMs: BigInt(at + 4) }), [2, 1]);
  assert.deepEqual((await list({ organisationId: "nobody" })).requestIds, []);
});

test("pages hold each decision once, also where many have the same time, and while newer ones come", async () => {
  const org = { organisationId: "pages" };
  const at = NOW_MS + 2_000_000;
  const records = Array.from({ length: 250 }, (_, n) => sample({ ...org, decidedAtMs: at + Math.floor(n / 100) }));
  await publishDecisions(...records.slice(0, 100));
  await publishDecisions(...records.slice(100));
  await done(STREAMS.decisions.name);
  const seen: string[] = [];
  let cursor = "";
  let pages = 0;
  do {
    const page = await list({ ...org, cursor, limit: 60 });
    seen.push(...page.requestIds);
    cursor = page.next;
    pages += 1;
    if (pages === 2) {
      await publishDecisions(sample({ ...org, decidedAtMs: at + 10 }));
      await done(STREAMS.decisions.name);
    }
  } while (cursor !== "");
  assert.equal(pages, 5);
  assert.deepEqual(seen.toSorted(), records.map(({ requestId }) => requestId).toSorted());
});

test("a page that is too large for one answer comes in several", async () => {
  const org = { organisationId: "large" };
  const records = Array.from({ length: 20 }, () => sample({ ...org, reason: "x".repeat(400_000) }));
  for (const record of records) await publishDecisions(record);
  await done(STREAMS.decisions.name);
  const first = await list({ ...org, limit: 1_000 });
  assert.ok(first.requestIds.length > 1 && first.requestIds.length < 20 && first.next !== "");
  const second = await list({ ...org, limit: 1_000, cursor: first.next });
  assert.equal(new Set([...first.requestIds, ...second.requestIds]).size, first.requestIds.length * 2);
});

test("what an attempt has on the books stands beside its decision; unknown is unknown, never zero", async () => {
  const [known, unknown, corrected] = [newRequest(), newRequest(), newRequest()];
  await publishDecisions(...[known, unknown, corrected].map((requestId) => sample({ requestId })));
  await publishUsage(known, { costPicoUsd: 123_456_789n, usage: { input: 100n, output: 7n } });
  await publishUsage(unknown, { costPicoUsd: 0n, costKnown: false });
  const guess = { source: RecordSource.INGRESS, tokenSource: TokenSource.ESTIMATED };
  await publishUsage(corrected, { ...guess, costPicoUsd: 9_000n });
  await done(STREAMS.usage.name);
  await publishUsage(corrected, { costPicoUsd: 5_000n });
  await done(STREAMS.usage.name);
  await done(STREAMS.decisions.name);
  const costOf = async (requestId: string) => (await getRequest(requestId)).decisions[0]?.cost;
  const cost = await costOf(known);
  assert.deepEqual(
    [cost?.attemptId, cost?.outcome, cost?.costPicoUsd, cost?.costKnown, cost?.inputTokens, cost?.outputTokens],
    [`${known}.1`, "success", "123456789", true, 100n, 7n],
  );
  assert.deepEqual([(await costOf(unknown))?.costPicoUsd, (await costOf(unknown))?.costKnown], ["", false]);
  assert.equal((await costOf(corrected))?.costPicoUsd, "5000", "the record that stands, once");
});

test("a request is told whole, with attempts nobody explained; another organisation's is not there", async () => {
  const requestId = newRequest();
  await publishDecisions(sample({ requestId, attempt: 2 }), sample({ requestId }));
  for (const attempt of [1, 2, 3]) await publishUsage(requestId, { attempt });
  await done(STREAMS.usage.name);
  await done(STREAMS.decisions.name);
  const { decisions, otherAttempts } = await getRequest(requestId, "acme");
  assert.deepEqual(
    decisions.map(({ record, cost }) => [record?.attempt, cost?.attemptId]),
    [
      [1, `${requestId}.1`],
      [2, `${requestId}.2`],
    ],
  );
  assert.deepEqual(
    otherAttempts.map(({ attemptId }) => attemptId),
    [`${requestId}.3`],
  );
  await assert.rejects(getRequest(requestId, "globex"), { code: NOT_FOUND });
  await assert.rejects(getRequest(newRequest()), { code: NOT_FOUND });
  await assert.rejects(getRequest("'; drop table"), { code: NOT_FOUND });
});

test("a list that cannot be asked for is refused with every problem; a stranger is refused", async () => {
  const wrong = { limit: 1_001, cursor: "x", fromMs: -1n, model: "economy" };
  await assert.rejects(list(wrong), (error: { code: number; details: string }) => {
    assert.equal(error.code, INVALID_ARGUMENT);
    for (const field of ["1000", "cursor", "from_ms", "<provider>"]) assert.match(error.details, new RegExp(field));
    return true;
  });
  await assert.rejects(list({}, "another token"), { code: UNAUTHENTICATED });
});

test("old decisions are forgotten, a few thousand at a time; younger ones stay", async () => {
  await eventually(
    async () => {
      const { rows } = await owner.query(
        "SELECT count(*)::int AS count FROM requests.decision WHERE organisation_id = 'old'",
      );
      return rows[0]?.count === 1;
    },
    { reason: "one of them is left", timeoutMs: 10_000 },
  );
});

test("DECISIONS gone, and its subjects taken by another: usage is booked and the ledger ready; decisions go on by themselves", async () => {
  const api = async (call: string, body = ""): Promise<void> => {
    const answer = await ask(nc, `$JS.API.STREAM.${call}`, Buffer.from(body), { timeoutMs: 5_000 });
    assert.ok(answer.kind === "answered" && !answer.message.string().includes('"error"'));
  };
  await api(`DELETE.${STREAMS.decisions.name}`);
  const thief = { name: "THIEF", subjects: ["waybill.decision.>"], storage: "memory", retention: "limits" };
  // The ledger may have made it again by then.
  await eventually(
    async () => {
      await api(`DELETE.${STREAMS.decisions.name}`).catch(() => {});
      await api("CREATE.THIEF", JSON.stringify(thief));
      return true;
    },
    { reason: "the subjects are taken" },
  );
  const requestId = newRequest();
  await publishUsage(requestId);
  await done(STREAMS.usage.name);
  await isReady();
  assert.equal((await getRequest(requestId)).otherAttempts.length, 1);
  await api("DELETE.THIEF");
  await eventually(() => sightConsumer(nc, STREAMS.decisions.name, decisionConsumer().durable), {
    reason: "the ledger made the stream and its durable again",
    timeoutMs: 30_000,
  });
  await publishDecisions(sample({ requestId }));
  await done(STREAMS.decisions.name);
  assert.equal((await getRequest(requestId)).decisions.length, 1);
});
