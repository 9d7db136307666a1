// KV waybill_keys: which keys are revoked, for every ingress to watch. Postgres is the truth and repairs it.
import { type NatsConnection, openBucket } from "@waybill/bus";
import { BUCKETS } from "@waybill/wire";

const REVOKED = JSON.stringify({ state: "revoked" });

/** A put that was on its way when a connection broke is lost without a word, and may be repeated as often as one likes. */
const TELL_TRIES_MAX = 3;

/** Tells of one revocation. Rejects when the bus did not store it. */
export async function tellRevoked(nc: NatsConnection, keyId: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const bucket = await openBucket(nc, BUCKETS.keys);
      await bucket.put(keyId, REVOKED);
      return;
    } catch (error) {
      if (tries >= TELL_TRIES_MAX || nc.isClosed()) throw error;
    }
  }
}

/** Makes the bucket if it is missing and puts in what it lacks; returns how many keys that were. */
export async function repairKeyBucket(nc: NatsConnection, revokedKeyIds: readonly string[]): Promise<number> {
  const bucket = await openBucket(nc, BUCKETS.keys);
  let repaired = 0;
  for (const keyId of revokedKeyIds) {
    const entry = await bucket.get(keyId);
    if (entry?.operation === "PUT" && entry.string() === REVOKED) continue;
    await bucket.put(keyId, REVOKED);
    repaired += 1;
  }
  return repaired;
}
