// KV waybill_keys: which keys are revoked or have changed, for every ingress to watch. Postgres is the truth and repairs it.
import { type NatsConnection, openBucket, readBucket } from "@waybill/bus";
import { BUCKETS, formatKeyEntry, type KeyEntry, parseKeyEntry, saysMore } from "@waybill/wire";
import type { KeyState } from "./postgres-accounts.ts";

/** A put that was on its way when a connection broke is lost without a word, and may be repeated as often as one likes. */
const TELL_TRIES_MAX = 5;
/** Entries of a repair that are on their way at once. */
const PUTS_AT_ONCE = 64;

type Bucket = Awaited<ReturnType<typeof openBucket>>;

/** Tells of one key. Rejects when the bus did not store it. */
export async function tellKey(nc: NatsConnection, keyId: string, entry: KeyEntry): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await putMore(await openBucket(nc, BUCKETS.keys), keyId, entry);
      return;
    } catch (error) {
      if (tries >= TELL_TRIES_MAX || nc.isClosed()) throw error;
    }
  }
}

/** Never takes anything back; rejects also when another writer came between, who may have said less. */
async function putMore(bucket: Bucket, keyId: string, entry: KeyEntry): Promise<void> {
  const found = await bucket.get(keyId);
  const present = found?.operation === "PUT" ? parseKeyEntry(found.string()) : undefined;
  if (!saysMore(entry, present)) return;
  if (found) await bucket.update(keyId, formatKeyEntry(entry), found.revision);
  else await bucket.create(keyId, formatKeyEntry(entry));
}

/** Makes the bucket if it is missing and puts in what it lacks; returns how many keys that were. */
export async function repairKeyBucket(nc: NatsConnection, states: readonly KeyState[]): Promise<number> {
  const bucket = await openBucket(nc, BUCKETS.keys);
  const present = await readBucket(nc, BUCKETS.keys.name);
  const decoder = new TextDecoder();
  const missing = states
    .map(({ keyId, isRevoked, revision }): [string, KeyEntry] => [
      keyId,
      isRevoked ? { state: "revoked" } : { state: "changed", revision },
    ])
    .filter(([keyId, entry]) => {
      const value = present.get(keyId);
      return saysMore(entry, parseKeyEntry(value && decoder.decode(value)));
    });
  const put = async ([keyId, entry]: [string, KeyEntry]): Promise<void> => {
    const isNew = !present.has(keyId);
    // Most of a bucket that was lost: one question each. Where somebody was quicker, as usual.
    const created = isNew && (await bucket.create(keyId, formatKeyEntry(entry)).catch(() => false));
    if (created === false) await tellKey(nc, keyId, entry);
  };
  for (let from = 0; from < missing.length; from += PUTS_AT_ONCE) {
    await Promise.all(missing.slice(from, from + PUTS_AT_ONCE).map(put));
  }
  return missing.length;
}
