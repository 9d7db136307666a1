// Key-value buckets: one writer that makes them exist, any number of watchers that keep watching.
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";

/** Makes the bucket if it is missing. For its one writer. */
export async function openBucket(nc: NatsConnection, bucket: { name: string; history: number }): Promise<KV> {
  return new Kvm(nc).create(bucket.name, { history: bucket.history });
}

export interface BucketWatch {
  /** A key was set, or deleted (undefined). Called for every key that exists, then for every change. */
  onEntry(key: string, value: Uint8Array | undefined): void;
  /** All keys that existed when watching began have been told; told again after every renewed watch. */
  onCurrent(): void;
  /** The watch broke and will be renewed. */
  onBroken(detail: string): void;
}

const RENEW_MS = 500;

/**
 * Watches a bucket until stopped; renews by itself when the bucket does not exist yet or the server forgot the watch.
 * Keys that vanished while the watch was broken are reported as deleted.
 */
export function watchBucket(nc: NatsConnection, name: string, watch: BucketWatch): { stop(): void } {
  const known = new Set<string>();
  let stopped = false;
  let stopCurrent = (): void => {};
  const run = async (): Promise<void> => {
    while (!stopped && !nc.isClosed()) {
      try {
        const kv = await new Kvm(nc).open(name, { bindOnly: true });
        // bindOnly does not ask whether the bucket exists, and watching a missing one would wait for ever.
        await kv.status();
        const entries = await kv.watch();
        stopCurrent = () => entries.stop();
        await follow(kv, entries, known, watch);
        if (!stopped) watch.onBroken("the watch ended");
      } catch (error) {
        if (!stopped) watch.onBroken(error instanceof Error ? error.message : String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, RENEW_MS));
    }
  };
  void run();
  return {
    stop() {
      stopped = true;
      stopCurrent();
    },
  };
}

async function follow(kv: KV, entries: AsyncIterable<KvEntry>, known: Set<string>, watch: BucketWatch): Promise<void> {
  const before = new Set(known);
  const isEmpty = (await kv.status()).values === 0;
  let toldCurrent = isEmpty;
  const current = (): void => {
    for (const key of before) {
      known.delete(key);
      watch.onEntry(key, undefined);
    }
    watch.onCurrent();
  };
  if (isEmpty) current();
  for await (const entry of entries) {
    before.delete(entry.key);
    const deleted = entry.operation !== "PUT";
    if (deleted) known.delete(entry.key);
    else known.add(entry.key);
    watch.onEntry(entry.key, deleted ? undefined : entry.value);
    if (!toldCurrent && entry.delta === 0) {
      toldCurrent = true;
      current();
    }
  }
}
