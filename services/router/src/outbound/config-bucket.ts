// KV `waybill_config`, written and watched over one connection. The bucket is made where it is missing, also after its server
// lost it.
import { type NatsConnection, openBucket, watchBucket } from "@waybill/bus";
import { BUCKETS } from "@waybill/wire";
import type { ConfigBucket } from "../deploy.ts";
import type { FollowedConfig } from "../inbound/follow-config.ts";

export interface WatchedBucket {
  /** When all the bucket holds has been told for the first time. */
  bucket: Promise<ConfigBucket>;
  stop(): void;
}

const RETRY_MS = 500;

export function watchConfigBucket(
  nc: NatsConnection,
  followed: FollowedConfig,
  onCurrent: () => void,
  onProblem: (detail: string) => void,
): WatchedBucket {
  let stopped = false;
  let tellCurrent: () => void = () => {};
  const current = new Promise<void>((resolve) => {
    tellCurrent = resolve;
  });
  const makeBucket = async (): Promise<void> => {
    while (!stopped) {
      try {
        await openBucket(nc, BUCKETS.config);
        return;
      } catch (error) {
        onProblem(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  void makeBucket();
  const watch = watchBucket(nc, BUCKETS.config.name, {
    onEntry: followed.onEntry,
    onCurrent() {
      tellCurrent();
      onCurrent();
    },
    onBroken: (detail) => {
      onProblem(`watch: ${detail}`);
      void makeBucket();
    },
  });
  const bucket: ConfigBucket = {
    present: followed.present,
    expect: followed.expect,
    open: async () => {
      const kv = await openBucket(nc, BUCKETS.config);
      return {
        put: async (key, value) => void (await kv.put(key, value)),
        remove: (key) => kv.delete(key),
      };
    },
  };
  return {
    bucket: current.then(() => bucket),
    stop() {
      stopped = true;
      watch.stop();
    },
  };
}
