// Which virtual keys are revoked, from KV waybill_keys: everywhere within a second of the commit.
import { type NatsConnection, watchBucket } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import { BUCKETS } from "@waybill/wire";

export interface RevokedKeys {
  isRevoked(keyId: string): boolean;
}

/** The process is ready only when every revocation made so far is known. */
export function watchRevokedKeys(nc: NatsConnection, { health, onStop }: ServiceScope): RevokedKeys {
  const ready = health.condition("revoked keys", "not told yet");
  const revoked = new Set<string>();
  const watch = watchBucket(nc, BUCKETS.keys.name, {
    onEntry(keyId, value) {
      const state = value ? (JSON.parse(new TextDecoder().decode(value)) as { state?: string }).state : undefined;
      if (state === "revoked") revoked.add(keyId);
      else revoked.delete(keyId);
    },
    onCurrent: () => ready.set(true),
    onBroken: (detail) => ready.set(false, `the budget service has not told which keys are revoked (${detail})`),
  });
  onStop("revoked keys", () => watch.stop());
  return { isRevoked: (keyId) => revoked.has(keyId) };
}
