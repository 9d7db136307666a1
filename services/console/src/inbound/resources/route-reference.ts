// Which route a question means: by its name, within the organisation of who asks.
import type { RouteRef } from "@waybill/wire";
import type { Admin } from "../../core/access.ts";

export const TAG = "routes" as const;
export const ROUTES = "/api/v1/routes";

export function refOf({ organisationId }: Admin, { name }: { name: string }): RouteRef {
  return { organisationId, id: "", name };
}
