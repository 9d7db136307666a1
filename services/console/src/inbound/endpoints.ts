// Every endpoint of the admin API.
import type { Clock } from "@waybill/domain";
import type { Owners } from "../ports.ts";
import { cloudflareRoutes } from "./cloudflare/routes.ts";
import { cloudflareVersions } from "./cloudflare/versions.ts";
import type { AnyEndpoint } from "./endpoint.ts";
import { adminKeyEndpoints } from "./resources/admin-keys.ts";
import { alertEndpoints } from "./resources/alerts.ts";
import { aliasEndpoints } from "./resources/aliases.ts";
import { auditEndpoints } from "./resources/audit.ts";
import { backtestEndpoints } from "./resources/backtests.ts";
import { bookEndpoints } from "./resources/books.ts";
import { budgetEndpoints } from "./resources/budgets.ts";
import { deploymentEndpoints } from "./resources/deployments.ts";
import { eventEndpoints } from "./resources/events.ts";
import { exchangeEndpoints } from "./resources/exchange.ts";
import { focusEndpoints } from "./resources/focus.ts";
import { invoiceEndpoints } from "./resources/invoices.ts";
import { keyEndpoints } from "./resources/keys.ts";
import { modelEndpoints } from "./resources/models.ts";
import { organisationEndpoints } from "./resources/organisations.ts";
import { rateLimitEndpoints } from "./resources/rate-limits.ts";
import { requestEndpoints } from "./resources/requests.ts";
import { routeEndpoints } from "./resources/routes.ts";
import { savingsEndpoints } from "./resources/savings.ts";
import { simulationEndpoints } from "./resources/simulations.ts";
import { suspenseEndpoints } from "./resources/suspense.ts";
import { teamEndpoints } from "./resources/teams.ts";
import { userEndpoints } from "./resources/users.ts";
import { versionEndpoints } from "./resources/versions.ts";
import { webhookEndpoints } from "./resources/webhooks.ts";
import { whatIfEndpoints } from "./resources/what-if.ts";

export function allEndpoints(owners: Owners, clock: Clock, importBytesMax: number): AnyEndpoint[] {
  return [
    ...routeEndpoints(owners),
    ...versionEndpoints(owners),
    ...deploymentEndpoints(owners),
    ...exchangeEndpoints(owners),
    ...whatIfEndpoints(owners),
    ...backtestEndpoints(owners),
    ...modelEndpoints(owners, clock, importBytesMax),
    ...aliasEndpoints(owners),
    ...organisationEndpoints(owners),
    ...teamEndpoints(owners),
    ...userEndpoints(owners),
    ...keyEndpoints(owners),
    ...adminKeyEndpoints(owners),
    ...budgetEndpoints(owners, clock),
    ...rateLimitEndpoints(owners, clock),
    ...alertEndpoints(owners),
    ...webhookEndpoints(owners),
    ...auditEndpoints(owners),
    ...requestEndpoints(owners),
    ...bookEndpoints(owners),
    ...suspenseEndpoints(owners),
    ...invoiceEndpoints(owners, importBytesMax),
    ...eventEndpoints(owners),
    ...savingsEndpoints(owners, clock),
    ...focusEndpoints(owners),
    ...simulationEndpoints(owners, clock),
    ...cloudflareRoutes(owners),
    ...cloudflareVersions(owners),
  ];
}
