// The standing streams, over real gRPC on books in memory: what every call hears, and how a stream ends.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { plainCredentials, type RpcServer, Session, serveRpc, tokenMetadata, unary } from "@waybill/rpc";
import { makeUuidV7, startTracing } from "@waybill/service";
import { eventually } from "@waybill/testing";
import {
  type BudgetAnswer,
  type BudgetCall,
  BudgetServiceClient,
  type BudgetServiceServer,
  BudgetServiceService,
} from "@waybill/wire";
import { applyBatch } from "../core/apply-batch.ts";
import type { AnswerTo, Operation } from "../core/operation.ts";
import { sampleBooks } from "../core/sample-books.test.ts";
import { BudgetSessions } from "./budget-sessions.ts";
import { makeWaitingRoom } from "./waiting-room.ts";
import { makeWithdrawals } from "./withdrawals.ts";

const TOKEN = "the-token-of-the-test";
const SHA = createHash("sha256").update(TOKEN).digest();
const SERVER_STOP_MS = 200;
/** Far beyond what a stop may take: one that waits it out fails. */
const DRAIN_LIMIT_MS = 60_000;
const AT_ONCE_MS = 2_000;

let server: RpcServer;
let sessions: BudgetSessions;
let client: BudgetServiceClient;
let router: Session<BudgetCall, BudgetAnswer>;
let states: boolean[];
let oddMessages: string[];
let errors: unknown[];
/** While it is set, operations wait for it before they are carried out. */
let gate: Promise<void> | undefined;

beforeEach(async () => {
  states = [];
  oddMessages = [];
  errors = [];
  gate = undefined;
  const books = sampleBooks(1_000n);
  sessions = new BudgetSessions({
    world: {
      writer: {
        async submit<O extends Operation>(operation: O) {
          await gate;
          return applyBatch(books, [operation], 0)[0] as AnswerTo<O>;
        },
      },
      recall: async () => "back",
      waitingRoom: makeWaitingRoom(0),
      withdrawals: makeWithdrawals(() => performance.now()),
      monotonicMs: () => performance.now(),
      pause: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
    },
    rates: { ask: async () => [] },
    tracing: await startTracing("budget", "", 0),
    onRefused: () => {},
    onOddMessage: (detail) => void oddMessages.push(detail),
    onError: (error) => void errors.push(error),
  });
  server = await serveRpc({ host: "127.0.0.1", port: 0, accepted: new Map([["router", SHA]]) });
  const handlers: BudgetServiceServer = {
    session: (stream) => sessions.serve(stream),
    getStanding: unary(async () => ({ standings: [] })),
    listBudgets: unary(async () => ({ budgets: [] })),
  };
  server.add(BudgetServiceService, handlers, []);
  client = new BudgetServiceClient(`127.0.0.1:${server.port}`, plainCredentials);
  router = new Session({
    open: () => client.session(tokenMetadata(TOKEN)),
    onOpen: (session) => void session.tell(callOf({ $case: "hello", value: { holder: "h" } })(0n)),
    onState: (isOpen) => void states.push(isOpen),
    reconnectMs: 10,
  });
  await eventually(() => router.isOpen, { reason: "the stream is open" });
});

afterEach(async () => {
  router.stop();
  client.close();
  await server.stop(SERVER_STOP_MS);
  assert.deepEqual(errors, []);
});

function callOf(call: BudgetCall["call"]): (correlationId: bigint) => BudgetCall {
  return (correlationId) => ({ correlationId, deadlineMs: 0, traceparent: "", call });
}

/** The answer, or how the call ended without one. */
async function ask(call: BudgetCall["call"]): Promise<BudgetAnswer["answer"] | string> {
  const outcome = await router.ask(callOf(call), AT_ONCE_MS);
  return outcome.kind === "answer" ? outcome.answer.answer : outcome.kind;
}

async function askGrant(): Promise<bigint | string> {
  const none = { limit: undefined, isReserve: false, templateId: "", templateValue: "" };
  const amounts = { needPicoUsd: 1n, wantPicoUsd: 1n, lifeMs: 5_000n, holdLifeMs: 5_000n, ...none };
  const answer = await ask({ $case: "askGrant", value: { grantId: makeUuidV7(), budgetId: "b0", ...amounts } });
  if (typeof answer === "object" && answer.$case === "grant") return answer.value.amountPicoUsd;
  return typeof answer === "object" && answer.$case === "failedCode" ? answer.value : String(answer);
}

/** How long it took, in ms. */
async function stop(): Promise<number> {
  const startedAtMs = performance.now();
  await sessions.stop(DRAIN_LIMIT_MS);
  return performance.now() - startedAtMs;
}

test("an empty call is answered with a failed code, is reported, and the session goes on", async () => {
  assert.deepEqual(await ask(undefined), { $case: "failedCode", value: "invalid_value" });
  assert.equal(oddMessages.length, 1);
  assert.equal(await askGrant(), 1n);
  assert.deepEqual(states, [true], "the stream did not break");
  assert.ok((await stop()) < AT_ONCE_MS, "nothing is left in flight");
});

test("stopping ends a stream with nothing in flight at once, so that its router looks for another replica", async () => {
  assert.ok((await stop()) < AT_ONCE_MS);
  await eventually(() => states[1] === false, { reason: "the router saw its stream end" });
  assert.equal(sessions.open, 0);
});

test("stopping answers what is in flight, refuses what comes then, and ends the stream after the last answer", async () => {
  let open = (): void => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const inFlight = askGrant();
  // Answered without the gate, so what was asked before it has arrived.
  await ask(undefined);
  const stopped = stop();
  assert.equal(await askGrant(), "budget_unavailable");
  assert.deepEqual(await ask(undefined), { $case: "failedCode", value: "budget_unavailable" });
  assert.deepEqual(states, [true], "the stream waits for its last answer");
  open();
  assert.equal(await inFlight, 1n);
  assert.ok((await stopped) < AT_ONCE_MS);
  await eventually(() => states[1] === false, { reason: "the router saw its stream end" });
});

test("a stream that is opened while stopping is ended at once", async () => {
  await stop();
  await eventually(() => states.length >= 4, { reason: "the router came back and was sent away" });
  assert.deepEqual(states.slice(0, 4), [true, false, true, false]);
  assert.equal(sessions.open, 0);
});

test("what is in flight past the limit does not hold the stop up", async () => {
  gate = new Promise(() => {});
  const inFlight = askGrant();
  await ask(undefined);
  const startedAtMs = performance.now();
  await sessions.stop(50);
  assert.ok(performance.now() - startedAtMs < AT_ONCE_MS);
  assert.equal(await inFlight, "unknown");
});
