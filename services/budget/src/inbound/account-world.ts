// What AccountService needs, wired.
import { type ServiceScope, systemClock } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { adminAccounts } from "../outbound/admin-accounts.ts";
import { administerAdminKeys } from "../outbound/administer-admin-keys.ts";
import { administerKeys } from "../outbound/administer-keys.ts";
import { administerOrganisations } from "../outbound/administer-organisations.ts";
import type { BudgetBus } from "../outbound/budget-bus.ts";
import { tellKey } from "../outbound/key-bucket.ts";
import { postgresAccounts } from "../outbound/postgres-accounts.ts";
import { makeKeyTeller } from "../outbound/tell-keys.ts";
import type { AccountWorld } from "./account-handlers.ts";
import { repeat } from "./repeat.ts";

const TELL_AGAIN_EVERY_MS = 500;

export function accountWorld(
  pool: Pool,
  bus: BudgetBus,
  onError: (error: unknown) => void,
  { onStop }: Pick<ServiceScope, "onStop">,
): AccountWorld {
  const teller = makeKeyTeller(async (keyId, entry) => tellKey(bus.connection(), keyId, entry));
  // That the bus is away is told by readiness.
  const again = repeat(TELL_AGAIN_EVERY_MS, teller.tellAgain, () => {});
  onStop("untold keys", () => again.stop());
  return {
    accounts: postgresAccounts(pool),
    admin: adminAccounts(pool),
    organisations: administerOrganisations(pool),
    keys: administerKeys(pool, systemClock.unixMs),
    adminKeys: administerAdminKeys(pool, systemClock.unixMs),
    tellKey: teller.tell,
    onError,
  };
}
