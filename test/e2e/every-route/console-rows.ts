// What every operation of the admin API is to an admin of another organisation. An operation without a row fails the test.

/** Whose things a row aims at: objects of the organisation `acme`. */
export interface Targets {
  route: string;
  routeId: string;
  keyId: string;
  adminKeyId: string;
  requestId: string;
}

export interface ConsoleRow {
  /** Values of the path's parameters, of things that are acme's. */
  params?: (targets: Targets) => Record<string, string>;
  query?: string;
  body?: (targets: Targets) => unknown;
  /**
   * `none of it`: it may be asked and shows nothing of acme's; `gone`: 404; `denied`: 403, because only the installation's key may;
   * `common`: what all organisations share is shown.
   */
  toAnother: "none of it" | "gone" | "denied" | "common";
}

const named = ({ route }: Targets) => ({ name: route });
const byId = ({ routeId }: Targets) => ({ id: routeId });
const byKey = ({ keyId }: Targets) => ({ id: keyId });
const byAdminKey = ({ adminKeyId }: Targets) => ({ id: adminKeyId });
const ada = () => ({ id: "ada" });
const document = {
  nodes: [
    { id: "start", kind: "start", next: "model" },
    { id: "model", kind: "model", model: "scripted/scripted-1", next: "end" },
    { id: "end", kind: "end" },
  ],
};
/** The same, as Cloudflare's API has it. */
const elements = [
  { id: "start", type: "start", outputs: { next: { elementId: "model" } } },
  {
    id: "model",
    type: "model",
    properties: { provider: "scripted", model: "scripted-1", timeout: 10_000, retries: 0 },
    outputs: { success: { elementId: "end" }, fallback: { elementId: "end" } },
  },
  { id: "end", type: "end", outputs: {} },
];

const budget = { name: "Ours", limit: "5", window: { kind: "month" } };
const rateLimit = { amount: 600, perSeconds: 60 };
const acmesRateLimit = () => ({ id: "acme-rate" });
const acmesWebhook = () => ({ id: "00000000000000aa" });
const acmesBudget = () => ({ id: "acme-support-month" });

export const CONSOLE_ROWS: Readonly<Record<string, ConsoleRow>> = {
  getOpenApi: { toAnother: "common" },
  listRoutes: { toAnother: "none of it" },
  createRoute: { body: () => ({ name: "ours", document }), toAnother: "none of it" },
  getRoute: { params: named, toAnother: "gone" },
  renameRoute: { params: named, body: () => ({ name: "taken-over" }), toAnother: "gone" },
  deleteRoute: { params: named, toAnother: "gone" },
  listVersions: { params: named, toAnother: "gone" },
  createVersion: { params: named, body: () => ({ document, deploy: true }), toAnother: "gone" },
  getVersion: { params: (targets) => ({ ...named(targets), version: "1" }), toAnother: "gone" },
  diffVersions: { params: named, query: "from=1&to=2", toAnother: "gone" },
  listDeployments: { params: named, toAnother: "gone" },
  deployVersion: { params: named, body: () => ({ version: 1 }), toAnother: "gone" },
  rollBack: { params: named, body: () => ({}), toAnother: "gone" },
  exportRoute: { params: named, query: "shape=cloudflare", toAnother: "gone" },
  // It answers with the refusal that a request would get.
  simulate: { body: ({ route }) => ({ route, request: {} }), toAnother: "none of it" },
  // It plans a document for the requests there were: none of its own.
  planRoute: { body: ({ route }) => ({ route, document }), toAnother: "none of it" },
  backtestRoute: { body: ({ route }) => ({ route, document }), toAnother: "none of it" },
  importRoute: { body: () => ({ text: JSON.stringify(document) }), toAnother: "common" },
  checkRoute: { body: () => ({ document }), toAnother: "common" },
  listPresets: { toAnother: "common" },
  listModels: { toAnother: "common" },
  listProviders: { toAnother: "common" },
  listPrices: { toAnother: "common" },
  saveModel: {
    params: () => ({ provider: "scripted", model: "scripted-1" }),
    body: () => ({ contextWindowTokens: 1 }),
    toAnother: "denied",
  },
  importModels: { body: () => ({ format: "litellm", text: "{}", providers: {} }), toAnother: "denied" },
  listAliases: { toAnother: "common" },
  saveAlias: {
    params: () => ({ name: "better" }),
    body: () => ({ target: "scripted/scripted-1" }),
    toAnother: "denied",
  },
  deleteAlias: { params: () => ({ name: "better" }), toAnother: "denied" },
  listOrganisations: { toAnother: "none of it" },
  createOrganisation: { body: () => ({ id: "third" }), toAnother: "denied" },
  updateOrganisation: { params: () => ({ id: "acme" }), body: () => ({ name: "Taken" }), toAnother: "gone" },
  deleteOrganisation: { params: () => ({ id: "acme" }), toAnother: "denied" },
  listTeams: { toAnother: "none of it" },
  createTeam: { body: () => ({ id: "support" }), toAnother: "none of it" },
  // Another team of that id is its own by now.
  updateTeam: { params: () => ({ id: "research" }), body: () => ({ name: "Taken" }), toAnother: "gone" },
  deleteTeam: { params: () => ({ id: "research" }), toAnother: "gone" },
  listUsers: { toAnother: "none of it" },
  createUser: { body: () => ({ id: "eve", teamId: "research" }), toAnother: "gone" },
  updateUser: { params: ada, body: () => ({ name: "Taken" }), toAnother: "gone" },
  deleteUser: { params: ada, toAnother: "gone" },
  listKeys: { toAnother: "none of it" },
  createKey: { body: () => ({ userId: "ada", name: "taken" }), toAnother: "gone" },
  getKey: { params: byKey, toAnother: "gone" },
  updateKey: { params: byKey, body: () => ({ name: "taken" }), toAnother: "gone" },
  rotateKey: { params: byKey, body: () => ({}), toAnother: "gone" },
  revokeKey: { params: byKey, body: () => ({}), toAnother: "gone" },
  deleteKey: { params: byKey, toAnother: "gone" },
  listAdminKeys: { toAnother: "none of it" },
  createAdminKey: { body: () => ({ name: "ours", role: "viewer" }), toAnother: "none of it" },
  updateAdminKey: { params: byAdminKey, body: () => ({ role: "owner" }), toAnother: "gone" },
  rotateAdminKey: { params: byAdminKey, body: () => ({}), toAnother: "gone" },
  revokeAdminKey: { params: byAdminKey, body: () => ({}), toAnother: "gone" },
  listBudgets: { toAnother: "none of it" },
  getBudget: { params: acmesBudget, toAnother: "gone" },
  listRateLimits: { toAnother: "none of it" },
  getRateLimit: { params: acmesRateLimit, toAnother: "gone" },
  createRateLimit: { body: () => ({ id: "ours", ...rateLimit }), toAnother: "none of it" },
  replaceRateLimit: { params: acmesRateLimit, body: () => rateLimit, toAnother: "gone" },
  deleteRateLimit: { params: acmesRateLimit, toAnother: "gone" },
  listAlerts: { toAnother: "none of it" },
  listWebhooks: { toAnother: "none of it" },
  getWebhook: { params: acmesWebhook, toAnother: "gone" },
  createWebhook: { body: () => ({ url: "https://hooks.example.com/ours" }), toAnother: "none of it" },
  testWebhook: { params: acmesWebhook, body: () => ({}), toAnother: "gone" },
  replayWebhook: { params: acmesWebhook, body: () => ({}), toAnother: "gone" },
  deleteWebhook: { params: acmesWebhook, toAnother: "gone" },
  createBudget: { body: () => ({ id: "ours", ...budget }), toAnother: "none of it" },
  replaceBudget: { params: acmesBudget, body: () => budget, toAnother: "gone" },
  deleteBudget: { params: acmesBudget, toAnother: "gone" },
  raiseBudget: { params: acmesBudget, body: () => ({ by: "0", reason: "over" }), toAnother: "gone" },
  verifyBudgets: { body: () => ({}), toAnother: "none of it" },
  listAudit: { toAnother: "none of it" },
  listDecisions: { toAnother: "none of it" },
  listRequests: { toAnother: "none of it" },
  getRequest: { params: ({ requestId }) => ({ id: requestId }), toAnother: "gone" },
  getSpend: { toAnother: "none of it" },
  listUsageEvents: { toAnother: "none of it" },
  listMonths: { toAnother: "none of it" },
  listBaselines: { toAnother: "none of it" },
  // The route is none of its own, nor everyone's.
  declareBaseline: { body: ({ route }) => ({ model: "scripted/scripted-1", route }), toAnother: "gone" },
  exportFocus: { query: "month=2026-11", toAnother: "gone" },
  getSavings: { query: "month=2026-11", toAnother: "none of it" },
  simulateCost: { body: () => ({ recorded: { days: 1 }, proposal: { models: [] } }), toAnother: "none of it" },
  closeMonth: { params: () => ({ month: "2024-01" }), body: () => ({}), toAnother: "denied" },
  rebuildSums: { params: () => ({ month: "2024-01" }), body: () => ({}), toAnother: "denied" },
  verifyBooks: { body: () => ({}), toAnother: "denied" },
  listUnpriced: { toAnother: "none of it" },
  reprice: { body: () => ({ model: "scripted/scripted-1", from: "2026-01-01T00:00:00Z" }), toAnother: "denied" },
  listInvoices: { toAnother: "denied" },
  importInvoice: {
    body: () => ({ provider: "scripted", format: "focus", fileName: "a.csv", text: "a" }),
    toAnother: "denied",
  },
  getInvoice: { params: () => ({ id: "00000000-0000-4000-8000-000000000000" }), toAnother: "denied" },
  setInvoiceName: {
    body: () => ({ provider: "scripted", names: "model", invoiced: "a", booked: "b" }),
    toAnother: "denied",
  },
  compareInvoices: { query: "provider=scripted&from=2026-01-01&until=2026-01-31", toAnother: "denied" },
  approveTrueUps: {
    body: () => ({ provider: "scripted", from: "2026-01-01", until: "2026-01-31", differenceUsd: "1", reason: "x" }),
    toAnother: "denied",
  },
  replay: { params: ({ requestId }) => ({ id: requestId }), body: () => ({}), toAnother: "gone" },
  cloudflareListRoutes: { toAnother: "none of it" },
  cloudflareCreateRoute: { body: () => ({ name: "ours-too", elements }), toAnother: "none of it" },
  cloudflareGetRoute: { params: byId, toAnother: "gone" },
  cloudflareRenameRoute: { params: byId, body: () => ({ name: "taken-over" }), toAnother: "gone" },
  cloudflareDeleteRoute: { params: byId, toAnother: "gone" },
  cloudflareListVersions: { params: byId, toAnother: "gone" },
  cloudflareCreateVersion: { params: byId, body: () => ({ elements }), toAnother: "gone" },
  cloudflareGetVersion: { params: (targets) => ({ ...byId(targets), version_id: "1" }), toAnother: "gone" },
  cloudflareListDeployments: { params: byId, toAnother: "gone" },
  cloudflareCreateDeployment: { params: byId, body: () => ({ version_id: "1" }), toAnother: "gone" },
};
