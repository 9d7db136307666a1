// Makes streams and consumers exist as libs/wire declares them. Idempotent; called at start and after every reconnect.
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import type { ConsumerDeclaration, StreamDeclaration } from "@waybill/wire";

/** https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const STREAM_NAME_IN_USE = 10058;
const STREAM_NOT_FOUND = 10059;

/** Makes the stream if it is missing, leaves an existing one as it is, and returns when it was created (server's ISO text). */
export async function declareStream(nc: NatsConnection, stream: StreamDeclaration): Promise<string> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  try {
    const info = await manager.streams.add({
      name: stream.name,
      subjects: [...stream.subjects],
      retention: stream.retention === "workqueue" ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
      storage: stream.storage === "memory" ? StorageType.Memory : StorageType.File,
      max_age: nanos(stream.maxAgeMs),
      max_bytes: stream.maxBytes,
      discard: stream.discard === "old" ? DiscardPolicy.Old : DiscardPolicy.New,
      ...(stream.maxMessagesPerSubject !== undefined && {
        max_msgs_per_subject: stream.maxMessagesPerSubject,
        // Without it the server drops the oldest message of the subject silently.
        discard_new_per_subject: true,
      }),
      duplicate_window: nanos(stream.duplicateWindowMs),
      num_replicas: 1,
    });
    return info.created;
  } catch (error) {
    // It exists with other settings: an operator changed them, and that holds.
    if (error instanceof JetStreamApiError && error.code === STREAM_NAME_IN_USE) {
      return (await manager.streams.info(stream.name)).created;
    }
    throw error;
  }
}

/** Makes the durable pull consumer if it is missing. */
export async function declareConsumer(nc: NatsConnection, consumer: ConsumerDeclaration): Promise<void> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  await manager.consumers.add(consumer.stream, {
    durable_name: consumer.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    filter_subject: consumer.filterSubject,
    ack_wait: nanos(consumer.ackWaitMs),
    max_ack_pending: consumer.maxAckPending,
    max_deliver: -1,
  });
}

/** What is needed to judge whether a stream is the same as before and what waits in it. */
export interface StreamSight {
  createdAtMs: number;
  messages: number;
  bytes: number;
  /** The stream's own limit, which an operator may have changed; infinite when it has none. */
  bytesMax: number;
  /** Oldest message; undefined when the stream is empty. */
  oldestAtMs: number | undefined;
  lastSequence: number;
}

/** Looks at a stream; undefined when it does not exist. */
export async function sightStream(nc: NatsConnection, name: string): Promise<StreamSight | undefined> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  try {
    const { created, state, config } = await manager.streams.info(name);
    return {
      createdAtMs: Date.parse(created),
      messages: state.messages,
      bytes: state.bytes,
      bytesMax: config.max_bytes > 0 ? config.max_bytes : Number.POSITIVE_INFINITY,
      oldestAtMs: state.messages === 0 ? undefined : Date.parse(state.first_ts),
      lastSequence: state.last_seq,
    };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** What a consumer has still before it. */
export interface ConsumerSight {
  /** Not delivered yet. */
  pending: number;
  /** Delivered, not acknowledged. */
  unacknowledged: number;
  /** Everything up to this stream sequence is acknowledged. */
  acknowledgedFloor: number;
}

/** Looks at a durable consumer. Throws when it does not exist. */
export async function sightConsumer(nc: NatsConnection, stream: string, durable: string): Promise<ConsumerSight> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const info = await manager.consumers.info(stream, durable);
  return {
    pending: info.num_pending,
    unacknowledged: info.num_ack_pending,
    acknowledgedFloor: info.ack_floor.stream_seq,
  };
}
