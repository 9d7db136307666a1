// Admin keys and organisations as the budget service knows them, remembered for a short time.
import { WaybillError } from "@waybill/domain";
import { FindAdminKeyRequest, ListOrganisationsRequest } from "@waybill/wire";
import type { AdministerPorts } from "../administer.ts";
import type { Accounts } from "../ports.ts";
import { remember } from "./remember.ts";

/** Strangers may try many. */
const KEYS_REMEMBERED_MAX = 1_000;

export function makeKnownKeys(
  accounts: Accounts,
  { ageMsMax, monotonicMs }: { ageMsMax: number; monotonicMs(): number },
): Pick<AdministerPorts, "findAdminKey" | "isOrganisation"> {
  const findAdminKey = remember({
    ageMsMax,
    entriesMax: KEYS_REMEMBERED_MAX,
    monotonicMs,
    async ask(keyId) {
      try {
        return (await accounts.findAdminKey(FindAdminKeyRequest.create({ keyId }))).key;
      } catch (error) {
        if (error instanceof WaybillError && error.code === "not_found") return undefined;
        throw error;
      }
    },
  });
  const organisations = remember({
    ageMsMax,
    entriesMax: 1,
    monotonicMs,
    async ask() {
      const answer = await accounts.listOrganisations(ListOrganisationsRequest.create({}));
      return new Set(answer.organisations.map(({ id }) => id));
    },
  });
  return { findAdminKey, isOrganisation: async (id) => (await organisations("all")).has(id) };
}
