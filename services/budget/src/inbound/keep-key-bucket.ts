// Keeps KV waybill_keys as Postgres says: at start and after every reconnect, tried again until it is done.
import type { NatsConnection } from "@waybill/bus";
import type { Log } from "@waybill/service";
import { repairKeyBucket } from "../outbound/key-bucket.ts";
import type { Accounts } from "../outbound/postgres-accounts.ts";
import { repeat } from "./repeat.ts";

const LOOK_EVERY_MS = 500;

export function keepKeyBucket(
  nc: NatsConnection,
  accounts: Accounts,
  log: Log,
): { repairSoon(): void; stop(): Promise<void> } {
  let isDue = true;
  let problem = "";
  const round = async (): Promise<void> => {
    if (!isDue) return;
    isDue = false;
    try {
      const repaired = await repairKeyBucket(nc, await accounts.changedKeys());
      if (repaired > 0) log.info({ keys: repaired }, "revoked or changed keys were missing in the bucket");
      problem = "";
    } catch (error) {
      isDue = true;
      throw error;
    }
  };
  const rounds = repeat(LOOK_EVERY_MS, round, (error) => {
    const detail = error instanceof Error ? error.message : String(error);
    if (detail !== problem)
      log.warn({ detail }, "the bucket of revoked and changed keys could not be repaired; trying again");
    problem = detail;
  });
  return {
    repairSoon() {
      isDue = true;
    },
    stop: () => rounds.stop(),
  };
}
