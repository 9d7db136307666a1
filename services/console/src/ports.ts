// What the console needs from the world: the owners of what it shows and changes, each asked for what its service declares.
import type {
  AccountServiceClient,
  AlertServiceClient,
  BacktestRequest,
  BacktestUpdate,
  BudgetAdminServiceClient,
  BudgetServiceClient,
  LedgerServiceClient,
  RateLimitServiceClient,
  RoutingAdminServiceClient,
} from "@waybill/wire";

/** Methods of a generated client as promises. What they reject with is a WaybillError that may be shown. */
export type Asked<Client, Methods extends keyof Client> = {
  readonly [M in Methods]: Client[M] extends (
    request: infer Request,
    metadata: infer _Metadata,
    options: infer _Options,
    callback: (error: infer _Error, response: infer Response) => void,
  ) => unknown
    ? (request: Request) => Promise<Response>
    : never;
};

type Routing = Asked<
  RoutingAdminServiceClient,
  | "listRoutes"
  | "getRoute"
  | "createRoute"
  | "renameRoute"
  | "deleteRoute"
  | "createVersion"
  | "listVersions"
  | "getVersion"
  | "deployVersion"
  | "listDeployments"
  | "checkRoute"
  | "listCatalogue"
  | "saveModels"
  | "saveAlias"
  | "listRoutingAudit"
  | "simulate"
  | "replay"
>;
export type Accounts = Asked<
  AccountServiceClient,
  | "findAdminKey"
  | "listOrganisations"
  | "listTeams"
  | "listUsers"
  | "listKeys"
  | "getKey"
  | "listAdminKeys"
  | "listAccountAudit"
  | `${"create" | "update" | "delete"}${"Organisation" | "Team" | "User"}`
  | `${"create" | "update" | "rotate" | "revoke"}${"Key" | "AdminKey"}`
>;
type Budgets = Asked<BudgetServiceClient, "listBudgets">;
type BudgetAdmin = Asked<
  BudgetAdminServiceClient,
  "saveBudget" | "deleteBudget" | "raiseBudget" | "verifyBudgets" | "listSettled"
>;
type RateLimits = Asked<RateLimitServiceClient, "listRateLimits" | "saveRateLimit" | "deleteRateLimit">;
type Alerts = Asked<
  AlertServiceClient,
  "listAlerts" | "listWebhooks" | "getWebhook" | "createWebhook" | "deleteWebhook" | "testWebhook" | "replayWebhook"
>;
type Ledger = Asked<
  LedgerServiceClient,
  | ("listDecisions" | "listRequests" | "getRequest" | "getSpend" | "listEvents")
  | ("listMonths" | "closeMonth" | "verifyBooks" | "compareSettled" | "rebuildSums")
  | ("listUnpriced" | "reprice" | "declareBaseline" | "listBaselines" | "getSavings" | "listFocusRows")
  | ("importInvoice" | "listInvoices" | "getInvoice" | "setInvoiceName" | "compareInvoices" | "approveTrueUps")
>;

export interface Owners {
  readonly routing: Routing & {
    /** Ends with the result, or with the problems of the document. Throws a WaybillError. */
    backtest(request: BacktestRequest, signal: AbortSignal): AsyncIterable<BacktestUpdate>;
  };
  readonly accounts: Accounts;
  readonly budgets: Budgets;
  readonly budgetAdmin: BudgetAdmin;
  readonly rateLimits: RateLimits;
  readonly alerts: Alerts;
  readonly ledger: Ledger;
}
