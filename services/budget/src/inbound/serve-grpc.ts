// The gRPC face: who may call what.
import { WaybillError } from "@waybill/domain";
import { type AcceptedTokens, type RpcServer, type ServerDuplexStream, serveRpc, unary } from "@waybill/rpc";
import { systemClock } from "@waybill/service";
import {
  AccountServiceService,
  AlertServiceService,
  BudgetAdminServiceService,
  type BudgetAnswers,
  type BudgetCalls,
  type BudgetServiceServer,
  BudgetServiceService,
  type GetStandingRequest,
  type GetStandingResponse,
  type ListBudgetsRequest,
  type ListBudgetsResponse,
  RateLimitServiceService,
  type Standing as WireStanding,
} from "@waybill/wire";
import { NO_SPEND } from "../core/burn.ts";
import type { Standing } from "../core/operation.ts";
import type { BudgetList } from "../outbound/budget-list.ts";
import { type AccountWorld, accountHandlers } from "./account-handlers.ts";
import { type AlertWorld, alertHandlers } from "./alert-handlers.ts";
import { type BudgetAdminWorld, budgetAdminHandlers } from "./budget-admin-handlers.ts";
import type { BudgetSessions } from "./budget-sessions.ts";
import { type RateLimitWorld, rateLimitHandlers } from "./rate-limit-handlers.ts";
import { toWireBurn, toWireStanding } from "./to-wire.ts";

export interface GrpcOptions {
  host: string;
  port: number;
  accepted: AcceptedTokens;
  accounts: AccountWorld;
  sessions: BudgetSessions;
  budgets: BudgetList;
  administered: Omit<BudgetAdminWorld, "onError">;
  rateLimits: Omit<RateLimitWorld, "onError">;
  alerts: Omit<AlertWorld, "onError">;
}

export async function serveGrpc(options: GrpcOptions): Promise<RpcServer> {
  const { host, port, accepted, accounts, sessions, budgets } = options;
  const administration = budgetAdminHandlers({ ...options.administered, onError: accounts.onError });
  const server = await serveRpc({ host, port, accepted });
  const { findKey, findAdminKey, ...others } = AccountServiceService;
  const { listAdminKeys, createAdminKey, updateAdminKey, rotateAdminKey, revokeAdminKey, ...administered } = others;
  const handlers = accountHandlers(accounts);
  server.add({ findKey }, handlers, ["ingress", "operator"]);
  server.add({ findAdminKey }, handlers, ["console"]);
  // The console knows which role may; an operator's token is no owner.
  server.add({ listAdminKeys, createAdminKey, updateAdminKey, rotateAdminKey, revokeAdminKey }, handlers, ["console"]);
  server.add(administered, handlers, ["console", "operator"]);
  const budgetHandlers: BudgetServiceServer = {
    session: (stream: ServerDuplexStream<BudgetCalls, BudgetAnswers>) => sessions.serve(stream),
    getStanding: unary((request: GetStandingRequest) => getStanding(budgets, request), accounts.onError),
    listBudgets: unary((request: ListBudgetsRequest) => answerBudgets(budgets, request), accounts.onError),
  };
  const { listBudgets, ...asked } = BudgetServiceService;
  server.add(asked, budgetHandlers, ["router", "operator"]);
  server.add({ listBudgets }, budgetHandlers, ["console", "operator"]);
  server.add(BudgetAdminServiceService, administration, ["console", "operator"]);
  const rateLimits = rateLimitHandlers({ ...options.rateLimits, onError: accounts.onError });
  server.add(RateLimitServiceService, rateLimits, ["console", "operator"]);
  const alerts = alertHandlers({ ...options.alerts, onError: accounts.onError });
  server.add(AlertServiceService, alerts, ["console", "operator"]);
  return server;
}

async function getStanding(budgets: BudgetList, { budgetId }: GetStandingRequest): Promise<GetStandingResponse> {
  const asked =
    budgetId === ""
      ? [budgets.standings(undefined)]
      : [budgets.standings([budgetId]), budgets.standingsOfTemplate(budgetId)];
  const found = await Promise.all(asked).catch((error: unknown) => {
    throw new WaybillError("budget_unavailable", { cause: error });
  });
  if (budgetId !== "" && found[0]?.size === 0) {
    throw new WaybillError("not_found", { publicMessage: "There is no such budget." });
  }
  const standings = found.flatMap((some) => [...some.values()]);
  return { standings: await withBurn(budgets, standings) };
}

async function answerBudgets(
  budgets: BudgetList,
  { organisationId }: ListBudgetsRequest,
): Promise<ListBudgetsResponse> {
  try {
    const listed = await budgets.administered(organisationId);
    const standings = await budgets.standings(listed.map(({ budget }) => budget.id));
    const shown = await withBurn(budgets, [...standings.values()]);
    const byId = new Map(shown.map((standing) => [standing.budgetId, standing]));
    return {
      budgets: listed.map(({ budget, windowKind, windowSeconds }) => ({
        ...{ budget, standing: byId.get(budget.id), windowKind, windowSeconds },
      })),
    };
  } catch (error) {
    throw new WaybillError("budget_unavailable", { cause: error });
  }
}

async function withBurn(budgets: BudgetList, standings: readonly Standing[]): Promise<WireStanding[]> {
  const spend = await budgets.spend(standings.map(({ budgetId }) => budgetId));
  const nowMs = systemClock.unixMs();
  return standings.map((standing) => ({
    ...toWireStanding(standing),
    burn: toWireBurn(standing, spend.get(standing.budgetId) ?? NO_SPEND, nowMs),
  }));
}
