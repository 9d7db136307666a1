// In whose name accounts are changed, and of which organisation.
import { WaybillError } from "@waybill/domain";
import type { AccountChange } from "@waybill/wire";
import type { Admin } from "../../core/access.ts";

export function changeBy({ actor, organisationId }: Admin, reason: string): AccountChange {
  return { actor, reason, organisationId };
}

/** Ids of teams and users mean something only within one. Throws WaybillError invalid_value. */
export function organisationOf({ organisationId }: Admin): string {
  if (organisationId !== "") return organisationId;
  const publicMessage = "Say which organisation is meant: ?organisation=<id>.";
  throw new WaybillError("invalid_value", { publicMessage, param: "organisation" });
}
