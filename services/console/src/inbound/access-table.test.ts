// Every role against every endpoint: an endpoint that is new and has no row fails here, and so does one whose area is another one.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Secret, systemClock } from "@waybill/service";
import { AdminKey } from "@waybill/wire";
import { decideAccess, ROLES } from "../core/access.ts";
import { connectOwners } from "../outbound/connect-owners.ts";
import { type AnyEndpoint, areaOf, isChange } from "./endpoint.ts";
import { allEndpoints } from "./endpoints.ts";

const EVERYBODY = "owner admin viewer finance machine";
const LOOK = "owner admin viewer finance";
const CHANGE = "owner admin";
const ROUTES = { look: "owner admin viewer machine", change: "owner admin machine" };

/** Operation -> the roles that may. */
const ROWS: Readonly<Record<string, string>> = {
  ...rows(
    ROUTES.look,
    "listRoutes getRoute listVersions getVersion diffVersions listDeployments exportRoute listPresets",
  ),
  ...rows(ROUTES.look, "cloudflareListRoutes cloudflareGetRoute cloudflareListVersions cloudflareGetVersion"),
  ...rows(ROUTES.look, "cloudflareListDeployments"),
  ...rows(
    ROUTES.change,
    "createRoute renameRoute deleteRoute createVersion deployVersion rollBack importRoute checkRoute",
  ),
  ...rows(ROUTES.change, "cloudflareCreateRoute cloudflareRenameRoute cloudflareDeleteRoute cloudflareCreateVersion"),
  ...rows(ROUTES.change, "cloudflareCreateDeployment simulate planRoute backtestRoute replay"),
  ...rows(EVERYBODY, "listModels listProviders listPrices listAliases listDecisions listRequests getRequest"),
  ...rows(ROUTES.change, "saveModel importModels saveAlias deleteAlias"),
  ...rows(
    LOOK,
    "listOrganisations listTeams listUsers listKeys getKey listBudgets getBudget listAudit listRateLimits getRateLimit",
  ),
  ...rows(LOOK, "listAlerts listWebhooks getWebhook"),
  ...rows(CHANGE, "createWebhook deleteWebhook testWebhook replayWebhook"),
  ...rows(CHANGE, "createOrganisation updateOrganisation deleteOrganisation createTeam updateTeam deleteTeam"),
  ...rows(CHANGE, "createUser updateUser deleteUser createKey updateKey rotateKey revokeKey deleteKey"),
  ...rows(
    CHANGE,
    "createBudget replaceBudget deleteBudget verifyBudgets createRateLimit replaceRateLimit deleteRateLimit",
  ),
  ...rows("owner admin finance", "raiseBudget closeMonth rebuildSums verifyBooks reprice"),
  ...rows("owner admin finance", "importInvoice setInvoiceName approveTrueUps"),
  ...rows(LOOK, "getSpend listMonths listUnpriced listUsageEvents listBaselines getSavings exportFocus simulateCost"),
  ...rows(LOOK, "listInvoices getInvoice compareInvoices"),
  ...rows(CHANGE, "declareBaseline"),
  ...rows("owner", "listAdminKeys createAdminKey updateAdminKey rotateAdminKey revokeAdminKey"),
};

function rows(roles: string, operations: string): Record<string, string> {
  return Object.fromEntries(operations.split(" ").map((id) => [id, roles]));
}

const stops: (() => unknown)[] = [];
after(() => {
  for (const stop of stops) stop();
});
const nobody = ["127.0.0.1:1"];
const owners = connectOwners(
  {
    WAYBILL_ROUTER_URLS: nobody,
    WAYBILL_BUDGET_URLS: nobody,
    WAYBILL_LEDGER_URLS: nobody,
    WAYBILL_SERVICE_TOKEN: new Secret("x"),
    WAYBILL_OWNER_TIMEOUT_MS: 100,
  },
  { onStop: (_, stop) => void stops.push(() => stop(0)) },
);
const endpoints = allEndpoints(owners, systemClock, 1_024);

function isAllowed(role: string, endpoint: AnyEndpoint): boolean {
  const key = AdminKey.create({ keyId: "abcd", name: "Ada", role, organisationId: "" });
  const wish = {
    area: areaOf(endpoint),
    isChange: isChange(endpoint),
    isOfInstallation: false,
    organisationId: undefined,
  };
  try {
    decideAccess(key, wish, 1);
    return true;
  } catch {
    return false;
  }
}

test("every endpoint has a row, and every row is an endpoint", () => {
  assert.deepEqual(endpoints.map(({ id }) => id).sort(), Object.keys(ROWS).sort());
});

for (const role of [...Object.keys(ROLES), "unknown"]) {
  test(`the role ${role} may do what its rows say and nothing else`, () => {
    for (const endpoint of endpoints) {
      assert.equal(isAllowed(role, endpoint), (ROWS[endpoint.id] ?? "").split(" ").includes(role), endpoint.id);
    }
  });
}
