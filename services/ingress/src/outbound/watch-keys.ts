// Which virtual keys are revoked, from KV waybill_keys: everywhere within a second of the commit.
import { type NatsConnection, watchBucket } from "@waybill/bus";
import { BUCKETS } from "@waybill/wire";

export interface RevokedKeys {
  has(keyId: string): boolean;
  stop(): void;
}

/** Ready (`onState(true)`) only when every revocation made so far is known. */
export function watchRevokedKeys(nc: NatsConnection, onState: (current: boolean, why: string) => void): RevokedKeys {
  const revoked = new Set<string>();
  const watch = watchBucket(nc, BUCKETS.keys.name, {
    onEntry(keyId, value) {
      const state = value ? (JSON.parse(new TextDecoder().decode(value)) as { state?: string }).state : undefined;
      if (state === "revoked") revoked.add(keyId);
      else revoked.delete(keyId);
    },
    onCurrent: () => onState(true, ""),
    onBroken: (detail) => onState(false, `the budget service has not told which keys are revoked (${detail})`),
  });
  return { has: (keyId) => revoked.has(keyId), stop: () => watch.stop() };
}
