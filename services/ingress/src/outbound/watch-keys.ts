// Which virtual keys are revoked or have changed, from KV waybill_keys: everywhere within a second of the commit.
import { type NatsConnection, watchBucket } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import { BUCKETS } from "@waybill/wire";
import { KeyChanges } from "../core/key-changes.ts";

/** The process is ready only when every revocation and change made so far is known. */
export function watchKeys(nc: NatsConnection, { health, onStop }: ServiceScope): { changes: KeyChanges } {
  const ready = health.condition("revoked keys", "not told yet");
  const changes = new KeyChanges();
  const watch = watchBucket(nc, BUCKETS.keys.name, {
    onEntry: (keyId, value) => changes.put(keyId, value),
    onCurrent: () => ready.set(true),
    onBroken: (detail) => ready.set(false, `the budget service has not told which keys are revoked (${detail})`),
  });
  onStop("revoked keys", () => watch.stop());
  return { changes };
}
