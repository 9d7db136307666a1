// Workers tell each other which accounts of providers are to be left alone for their rate. Lost messages do no harm: whoever did not hear
// learns it from the provider.
import { type NatsConnection, publishNow } from "@waybill/bus";
import type { Log } from "@waybill/service";
import { AccountResting, subjects } from "@waybill/wire";
import type { RestingAccount } from "../core/target-accounts.ts";

export interface SharedResting {
  tell(resting: RestingAccount): void;
}

/** Listens until the connection closes. `heard`: called with what others tell, never with our own. */
export function shareResting(
  nc: NatsConnection,
  workerId: string,
  log: Log,
  heard: (resting: RestingAccount) => void,
): SharedResting {
  nc.subscribe(subjects.resting, {
    callback(error, message) {
      if (error) return;
      try {
        const told = AccountResting.decode(message.data);
        if (told.workerId !== workerId) heard(told);
      } catch (thrown) {
        log.warn({ err: thrown }, "a message of another worker cannot be read");
      }
    },
  });
  return {
    tell(resting) {
      publishNow(nc, subjects.resting, AccountResting.encode({ workerId, ...resting }).finish());
    },
  };
}
