// Readiness: without the budget service no admin key can be checked, and so nobody is served.

import { WaybillError } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import { FindAdminKeyRequest } from "@waybill/wire";
import type { Accounts } from "../ports.ts";

const EVERY_MS = 2_000;
/** Of no key: that it is not found is an answer. */
const NO_KEY = FindAdminKeyRequest.create({ keyId: "readiness" });

export function watchAccounts(
  accounts: Accounts,
  { health, log, onStop }: Pick<ServiceScope, "health" | "log" | "onStop">,
): void {
  const ready = health.condition("accounts", "no budget service answers");
  let wasThere: boolean | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    const failure = await accounts.findAdminKey(NO_KEY).then(
      () => undefined,
      (error: unknown) => WaybillError.from(error),
    );
    const isThere = failure === undefined || failure.code === "not_found";
    ready.set(isThere, "no budget service answers");
    if (isThere !== wasThere && !isThere) log.warn({ detail: failure?.message }, "no budget service answers");
    wasThere = isThere;
    if (!isStopped) timer = setTimeout(() => void look(), EVERY_MS);
  };
  void look();
  onStop("accounts", () => {
    isStopped = true;
    clearTimeout(timer);
  });
}
