// Key-value buckets: one writer that makes them exist, any number of watchers that keep watching.
import { JetStreamApiError, jetstream } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";

/** Makes the bucket if it is missing. For its one writer. */
export async function openBucket(nc: NatsConnection, bucket: { name: string; history: number }): Promise<KV> {
  return new Kvm(jetstream(nc, { timeout: STORE_MS })).create(bucket.name, { history: bucket.history });
}

/** An answer that is not there by then was lost with a connection: better to ask again than to wait. */
const STORE_MS = 1_000;

export interface BucketWatch {
  /** A key was set, or deleted (undefined). Called for every key that exists, then for every change. */
  onEntry(key: string, value: Uint8Array | undefined): void;
  /** All keys that existed when watching began have been told; told again after every renewed watch. */
  onCurrent(): void;
  /** The watch broke and will be renewed. */
  onBroken(detail: string): void;
}

/** https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const STREAM_NOT_FOUND = 10059;
const RENEW_MS = 500;
/** A bucket that was lost with its server's disk and made anew starts counting at 1; a watch waiting for a later number
 * would hear nothing for a long time and never say so. */
const CHECK_REPLACED_MS = 1_000;

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
        const created = await createdAt(kv);
        const entries = await kv.watch();
        stopCurrent = () => entries.stop();
        const checking = setInterval(() => void stopWhenReplaced(kv, created, entries), CHECK_REPLACED_MS);
        try {
          await follow(kv, entries, known, watch);
        } finally {
          clearInterval(checking);
        }
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

/** Everything that stands in a bucket now. Rejects when it is not told within `timeoutMs`, as one that does not exist never is. */
export function readBucket(nc: NatsConnection, name: string, timeoutMs = READ_MS): Promise<Map<string, Uint8Array>> {
  return new Promise((resolve, reject) => {
    const found = new Map<string, Uint8Array>();
    const timer = setTimeout(() => {
      watch.stop();
      reject(new Error(`the bucket ${name} was not told in time`));
    }, timeoutMs);
    const watch = watchBucket(nc, name, {
      onEntry(key, value) {
        if (value) found.set(key, value);
        else found.delete(key);
      },
      onCurrent() {
        clearTimeout(timer);
        watch.stop();
        resolve(found);
      },
      // It is renewed, until the time is over.
      onBroken() {},
    });
  });
}

/** A hundred thousand entries take less than two seconds. */
const READ_MS = 30_000;

async function createdAt(kv: KV): Promise<string> {
  return (await kv.status()).streamInfo.created;
}

async function stopWhenReplaced(kv: KV, created: string, entries: { stop(): void }): Promise<void> {
  try {
    if ((await createdAt(kv)) !== created) entries.stop();
  } catch (error) {
    // No connection or no answer says nothing about the bucket.
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) entries.stop();
  }
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
