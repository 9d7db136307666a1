// The owners of what the console shows: router, budget service and ledger, each over unary gRPC.
import { plainCredentials, SESSION_CLIENT_OPTIONS } from "@waybill/rpc";
import type { Secret, ServiceScope } from "@waybill/service";
import {
  AccountServiceClient,
  AlertServiceClient,
  type BacktestUpdate,
  BudgetAdminServiceClient,
  BudgetServiceClient,
  LedgerServiceClient,
  RateLimitServiceClient,
  RoutingAdminServiceClient,
} from "@waybill/wire";
import type { Owners } from "../ports.ts";
import { askOwner, type OwnerClient } from "./ask-owner.ts";
import { type Following, followOwner } from "./follow-owner.ts";

/** It reads whatever is held and was settled in 35 days. */
const VERIFY_TIMEOUT_MS = 110_000;

const ACCOUNT_CHANGES = [
  ...(["createOrganisation", "updateOrganisation", "deleteOrganisation"] as const),
  ...(["createTeam", "updateTeam", "deleteTeam", "createUser", "updateUser", "deleteUser"] as const),
  ...(["createKey", "updateKey", "rotateKey", "revokeKey"] as const),
  ...(["createAdminKey", "updateAdminKey", "rotateAdminKey", "revokeAdminKey"] as const),
] as const;

export interface OwnersConfig {
  WAYBILL_ROUTER_URLS: readonly string[];
  WAYBILL_BUDGET_URLS: readonly string[];
  WAYBILL_LEDGER_URLS: readonly string[];
  WAYBILL_SERVICE_TOKEN: Secret;
  WAYBILL_OWNER_TIMEOUT_MS: number;
}

export function connectOwners(config: OwnersConfig, { onStop }: Pick<ServiceScope, "onStop">): Owners {
  const asking = { token: config.WAYBILL_SERVICE_TOKEN, timeoutMs: config.WAYBILL_OWNER_TIMEOUT_MS };
  const all: OwnerClient[] = [];
  const connect = <C extends OwnerClient>(make: (url: string) => C, urls: readonly string[]): C[] => {
    const clients = urls.map(make);
    all.push(...clients);
    return clients;
  };
  const options = SESSION_CLIENT_OPTIONS;
  const routers = connect(
    (url) => new RoutingAdminServiceClient(url, plainCredentials, options),
    config.WAYBILL_ROUTER_URLS,
  );
  const accounts = connect(
    (url) => new AccountServiceClient(url, plainCredentials, options),
    config.WAYBILL_BUDGET_URLS,
  );
  const budgets = connect((url) => new BudgetServiceClient(url, plainCredentials, options), config.WAYBILL_BUDGET_URLS);
  const budgetAdmins = connect(
    (url) => new BudgetAdminServiceClient(url, plainCredentials, options),
    config.WAYBILL_BUDGET_URLS,
  );
  const rateLimits = connect(
    (url) => new RateLimitServiceClient(url, plainCredentials, options),
    config.WAYBILL_BUDGET_URLS,
  );
  const alerts = connect((url) => new AlertServiceClient(url, plainCredentials, options), config.WAYBILL_BUDGET_URLS);
  const ledgers = connect((url) => new LedgerServiceClient(url, plainCredentials, options), config.WAYBILL_LEDGER_URLS);
  onStop("owners", () => {
    for (const client of all) client.close();
  });
  return {
    routing: routing(asking, routers),
    accounts: askOwner(
      { ...asking, clients: accounts, unavailable: { code: "accounts_unavailable" } },
      {
        reads: [
          ...(["findAdminKey", "listOrganisations", "listTeams", "listUsers", "listKeys", "getKey"] as const),
          ...(["listAdminKeys", "listAccountAudit"] as const),
        ],
        changes: ACCOUNT_CHANGES,
      },
    ),
    budgets: askOwner(
      { ...asking, clients: budgets, unavailable: { code: "budget_unavailable" } },
      { reads: ["listBudgets"], changes: [] },
    ),
    budgetAdmin: budgetAdmin(asking, budgetAdmins),
    rateLimits: askOwner(
      { ...asking, clients: rateLimits, unavailable: { code: "budget_unavailable" } },
      { reads: ["listRateLimits"], changes: ["saveRateLimit", "deleteRateLimit"] },
    ),
    alerts: askOwner(
      { ...asking, clients: alerts, unavailable: { code: "budget_unavailable" } },
      {
        reads: ["listAlerts", "listWebhooks", "getWebhook"],
        changes: ["createWebhook", "deleteWebhook", "testWebhook", "replayWebhook"],
      },
    ),
    ledger: ledger(asking, ledgers),
  };
}

/** A backtest takes as long as it takes. */
function routing(
  asking: { token: Secret; timeoutMs: number },
  clients: readonly RoutingAdminServiceClient[],
): Owners["routing"] {
  const whom = { ...asking, clients, unavailable: { code: "routes_unavailable" } } as const;
  return {
    ...askOwner(whom, {
      reads: [
        ...(["listRoutes", "getRoute", "listVersions", "getVersion", "listDeployments", "checkRoute"] as const),
        ...(["listCatalogue", "listRoutingAudit", "simulate", "replay"] as const),
      ],
      changes: [
        ...(["createRoute", "renameRoute", "deleteRoute", "createVersion", "deployVersion"] as const),
        ...(["saveModels", "saveAlias"] as const),
      ],
    }),
    backtest: (request, signal) =>
      followOwner(whom, (client, metadata) => client.backtest(request, metadata) as Following<BacktestUpdate>, signal),
  };
}

/** Looking through whole months, and whole invoices, takes longer. */
function ledger(
  asking: { token: Secret; timeoutMs: number },
  clients: readonly LedgerServiceClient[],
): Owners["ledger"] {
  const publicMessage = "The books cannot be read at the moment.";
  const whom = { ...asking, clients, unavailable: { code: "usage_unavailable", publicMessage } } as const;
  return {
    ...askOwner(whom, {
      reads: [
        ...(["listDecisions", "listRequests", "getRequest", "listMonths", "getSpend"] as const),
        ...(["listUnpriced", "listInvoices", "getInvoice", "listEvents", "listBaselines", "getSavings"] as const),
      ],
      changes: ["closeMonth", "setInvoiceName", "declareBaseline"],
    }),
    ...askOwner(
      { ...whom, timeoutMs: VERIFY_TIMEOUT_MS },
      {
        reads: ["verifyBooks", "compareSettled", "compareInvoices", "listFocusRows"],
        changes: ["rebuildSums", "reprice", "importInvoice", "approveTrueUps"],
      },
    ),
  };
}

/** Verifying reads everything, and so takes longer. */
function budgetAdmin(
  asking: { token: Secret; timeoutMs: number },
  clients: readonly BudgetAdminServiceClient[],
): Owners["budgetAdmin"] {
  const whom = { ...asking, clients, unavailable: { code: "budget_unavailable" } } as const;
  return {
    ...askOwner(whom, { reads: [], changes: ["saveBudget", "deleteBudget", "raiseBudget"] }),
    ...askOwner({ ...whom, timeoutMs: VERIFY_TIMEOUT_MS }, { reads: ["verifyBudgets", "listSettled"], changes: [] }),
  };
}
