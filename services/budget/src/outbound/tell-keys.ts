// Telling the ingresses of keys, and telling again what the bus did not take: nobody else would before the next start or reconnect.
import type { KeyEntry } from "@waybill/wire";

export interface KeyTeller {
  /** Rejects when the bus did not take it; it is tried again all the same. */
  tell(keyId: string, entry: KeyEntry): Promise<void>;
  /** Tries once more what was not taken; what fails again stays. */
  tellAgain(): Promise<void>;
}

/** More than that wait for a repair from Postgres, which every reconnect brings. */
const UNTOLD_MAX = 10_000;

/** `tell`: into the bucket, where nothing that says less replaces what says more, so that order does not matter. */
export function makeKeyTeller(tell: (keyId: string, entry: KeyEntry) => Promise<void>): KeyTeller {
  const untold = new Map<string, KeyEntry>();
  return {
    async tell(keyId, entry) {
      try {
        await tell(keyId, entry);
      } catch (error) {
        const waits = untold.get(keyId);
        if (waits?.state !== "revoked" && untold.size < UNTOLD_MAX) untold.set(keyId, entry);
        throw error;
      }
    },
    async tellAgain() {
      for (const [keyId, entry] of [...untold]) {
        await tell(keyId, entry);
        if (untold.get(keyId) === entry) untold.delete(keyId);
      }
    },
  };
}
