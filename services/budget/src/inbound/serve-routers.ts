// Everything that answers over gRPC, with what is pushed unasked.
import { type ConfigOf, type ServiceScope, systemClock } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { type settings, webhookSettings } from "../config.ts";
import { alertRows } from "../outbound/alert-rows.ts";
import { beginAhead } from "../outbound/begin-ahead.ts";
import type { BudgetBus } from "../outbound/budget-bus.ts";
import { budgetOffice } from "../outbound/budget-desk.ts";
import { budgetList } from "../outbound/budget-list.ts";
import type { Measures } from "../outbound/measure.ts";
import { rateCounters } from "../outbound/rate-counters.ts";
import { listRateLimits, rateLimitOffice } from "../outbound/rate-limit-desk.ts";
import { recallBudget } from "../outbound/recall-budget.ts";
import { makeRecall } from "../outbound/recall-grants.ts";
import { listSettled } from "../outbound/settled-records.ts";
import { verifyBooks } from "../outbound/verify-books.ts";
import { webhookRows } from "../outbound/webhook-rows.ts";
import type { Writer } from "../ports.ts";
import { accountWorld } from "./account-world.ts";
import { BudgetSessions } from "./budget-sessions.ts";
import { makeBudgetPushes } from "./push-budgets.ts";
import { repeat } from "./repeat.ts";
import { serveGrpc } from "./serve-grpc.ts";
import { makeWaitingRoom } from "./waiting-room.ts";
import { makeWithdrawals } from "./withdrawals.ts";

/** Routers hear of a changed list, and how budgets stand, within a second. */
const PUSH_EVERY_MS = 750;
const GAUGES_EVERY_MS = 5_000;
const BEGIN_AHEAD_EVERY_MS = 1_000;
const GRPC_STOP_MS = 1_000;
/** Requests that wait for holds to settle before they are refused; beyond it a refusal comes at once. */
const WAITING_FOR_RECORDS_MAX = 200;

export interface RouterWorld {
  pool: Pool;
  writer: Writer;
  bus: BudgetBus;
  measures: Measures;
  isDatabaseReady(): boolean;
}

export async function serveRouters(
  config: ConfigOf<typeof settings>,
  { log, tracing, onStop }: ServiceScope,
  { pool, writer, bus, measures, isDatabaseReady }: RouterWorld,
): Promise<{ openSessions(): number }> {
  const onError = (error: unknown): void => log.error({ err: error }, "a call failed");
  const budgets = budgetList(pool);
  const recall = makeRecall({
    pool,
    publish: (subject, data) => bus.connection().publish(subject, data),
    isConnected: (holder) => sessions.isConnected(holder),
    monotonicMs: systemClock.monotonicMs,
  });
  const sessions: BudgetSessions = new BudgetSessions({
    world: {
      writer,
      recall,
      waitingRoom: makeWaitingRoom(WAITING_FOR_RECORDS_MAX),
      withdrawals: makeWithdrawals(systemClock.monotonicMs),
      monotonicMs: systemClock.monotonicMs,
      pause: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
    },
    rates: rateCounters(pool),
    tracing,
    onRefused: measures.refused,
    onOddMessage: (detail) => log.warn({ detail }, "a message that cannot be true"),
    onError,
  });
  const server = await serveGrpc({
    host: config.WAYBILL_GRPC_HOST,
    port: config.WAYBILL_GRPC_PORT,
    accepted: config.WAYBILL_ACCEPTED_TOKENS,
    accounts: accountWorld(pool, bus, onError, { onStop }),
    sessions,
    budgets,
    administered: {
      office: budgetOffice(pool),
      verify: (which) => verifyBooks(pool, which),
      listSettled: (request) => listSettled(pool, request),
      recall: recallBudget(pool, recall),
    },
    rateLimits: { office: rateLimitOffice(pool), list: () => listRateLimits(pool) },
    alerts: {
      alerts: alertRows(pool),
      webhooks: webhookRows({ pool, ...webhookSettings(config) }),
    },
  });
  server.health.set(true);
  log.info({ port: server.port }, "listening");
  onStop("grpc", async (limitMs) => {
    server.health.set(false);
    await sessions.stop(limitMs);
    await server.stop(Math.min(limitMs, GRPC_STOP_MS));
  });

  // What fails here is told by readiness; the next round tries again.
  const whenReady = (round: () => Promise<void>) => async () => {
    if (isDatabaseReady()) await round();
  };
  const pushes = makeBudgetPushes(budgets, () => listRateLimits(pool), sessions);
  const showStandings = async (): Promise<void> => measures.setStandings(await budgets.standings(undefined));
  for (const rounds of [
    repeat(PUSH_EVERY_MS, whenReady(pushes.pushList), () => {}),
    repeat(PUSH_EVERY_MS, whenReady(pushes.pushStandings), () => {}),
    repeat(GAUGES_EVERY_MS, whenReady(showStandings), () => {}),
    repeat(
      BEGIN_AHEAD_EVERY_MS,
      whenReady(() => beginAhead(pool)),
      () => {},
    ),
  ]) {
    onStop("pushes", () => rounds.stop());
  }
  return { openSessions: () => sessions.open };
}
