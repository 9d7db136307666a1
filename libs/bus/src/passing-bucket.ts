// Buckets that forget: records that several processes change, each on the revision it was made from, and objects of any size.
import { JetStreamApiError, jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import type { PassingBucket } from "@waybill/wire";

/** An answer that is not there by then was lost with a connection: better to fail than to wait. */
const STORE_MS = 2_000;
/** Most answers are one message. */
const CHUNK_BYTES = 512 * 1024;
/** https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const WRONG_LAST_SEQUENCE = 10071;

export type Storage = "memory" | "file";

export interface PassingRecord {
  value: Uint8Array;
  revision: number;
}

/** Every call throws when the store cannot be reached. */
export interface PassingRecords {
  get(key: string): Promise<PassingRecord | undefined>;
  /** The revision; undefined: there is one already. */
  create(key: string, value: Uint8Array): Promise<number | undefined>;
  /** The new revision; undefined: somebody has changed it since. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  /** Nothing happens to a record that somebody has changed since. */
  remove(key: string, revision: number): Promise<void>;
}

/** Opens, and makes if it is missing, a bucket of records. Keys are letters, digits, `-` and `_`. */
export async function openPassingRecords(
  nc: NatsConnection,
  { name, maxAgeMs, maxBytes }: PassingBucket,
  storage: Storage,
): Promise<PassingRecords> {
  const kv: KV = await new Kvm(jetstream(nc, { timeout: STORE_MS })).create(name, {
    ...{ history: 1, ttl: maxAgeMs, max_bytes: maxBytes },
    storage: storage === "file" ? StorageType.File : StorageType.Memory,
  });
  const onRevision = async <T>(write: Promise<T>): Promise<T | undefined> => {
    try {
      return await write;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return undefined;
      throw error;
    }
  };
  return {
    async get(key) {
      const entry = await kv.get(key);
      return entry?.operation === "PUT" ? { value: entry.value, revision: entry.revision } : undefined;
    },
    create: (key, value) => onRevision(kv.create(key, value)),
    update: (key, value, revision) => onRevision(kv.update(key, value, revision)),
    async remove(key, previousSeq) {
      await onRevision(kv.delete(key, { previousSeq }));
    },
  };
}

/** Every call throws when the store cannot be reached. */
export interface PassingObjects {
  /** Throws when it does not fit. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined: there is none, it is damaged, or it was replaced or forgotten while it was read. */
  get(name: string): Promise<Uint8Array | undefined>;
  remove(name: string): Promise<void>;
}

/** Opens, and makes if it is missing, a bucket of objects. */
export async function openPassingObjects(
  nc: NatsConnection,
  { name, maxAgeMs, maxBytes }: PassingBucket,
  storage: Storage,
): Promise<PassingObjects> {
  const objects: ObjectStore = await new Objm(jetstream(nc, { timeout: STORE_MS })).create(name, {
    ...{ ttl: nanos(maxAgeMs), max_bytes: maxBytes },
    storage: storage === "file" ? StorageType.File : StorageType.Memory,
  });
  const { direct } = await jetstreamManager(nc, { timeout: STORE_MS });
  return {
    async put(object, bytes) {
      await objects.putBlob({ name: object, options: { max_chunk_size: CHUNK_BYTES } }, bytes);
    },
    // Chunk by chunk, and not as the library does, which subscribes to them: it would wait for ever for chunks of an object
    // that is replaced or forgotten while it is read.
    async get(object) {
      const info = await objects.info(object);
      if (!info || info.deleted) return undefined;
      const pieces: Uint8Array[] = [];
      for (let sequence = 1; pieces.length < info.chunks; ) {
        const subject = `$O.${name}.C.${info.nuid}`;
        const chunk = await direct.getMessage(`OBJ_${name}`, { seq: sequence, next_by_subj: subject });
        if (!chunk) return undefined;
        pieces.push(chunk.data);
        sequence = chunk.seq + 1;
      }
      const bytes = Buffer.concat(pieces);
      return bytes.length === info.size ? bytes : undefined;
    },
    async remove(object) {
      await objects.delete(object);
    },
  };
}
