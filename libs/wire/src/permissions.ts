// Which service may publish and subscribe where on NATS. Least privilege; deploy/nats renders it, a table test proves it.
// A service may always receive answers to its own requests under its own inbox prefix.
import { BUCKETS, eventConsumer, OBJECT_BUCKETS, PASSING_BUCKETS, STREAMS } from "./streams.ts";
import type { BusServiceName } from "./subjects.ts";

/** The NATS user of a program of somebody else that reads EVENTS. It is no service of ours. */
export const EVENT_READER = "reader";

export interface NatsPermissions {
  publish: readonly string[];
  subscribe: readonly string[];
}

/** Inboxes are private: `_INBOX_<service>`; the client is told to use this prefix. */
export function inboxPrefix(service: BusServiceName | typeof EVENT_READER): string {
  return `_INBOX_${service}`;
}

const declareStream = (name: string): string[] => [`$JS.API.STREAM.INFO.${name}`, `$JS.API.STREAM.CREATE.${name}`];
const pullFrom = (stream: string, durable = "*"): string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
  `$JS.API.CONSUMER.CREATE.${stream}.${durable}.>`,
  `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${durable}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
  `$JS.ACK.${stream}.${durable}.>`,
];
// Watching a bucket makes an ordered (ephemeral) push consumer on its stream; reading one key asks the stream directly.
const watchBucket = (bucket: string): string[] => [
  `$JS.API.STREAM.INFO.KV_${bucket}`,
  `$JS.API.CONSUMER.CREATE.KV_${bucket}`,
  `$JS.API.CONSUMER.CREATE.KV_${bucket}.>`,
  `$JS.API.CONSUMER.INFO.KV_${bucket}.*`,
  `$JS.API.CONSUMER.DELETE.KV_${bucket}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.KV_${bucket}.*`,
  `$JS.API.DIRECT.GET.KV_${bucket}.>`,
  `$JS.API.STREAM.MSG.GET.KV_${bucket}`,
  `$JS.FC.KV_${bucket}.>`,
  `$JS.ACK.KV_${bucket}.>`,
];
const writeBucket = (bucket: string): string[] => [
  ...watchBucket(bucket),
  `$JS.API.STREAM.CREATE.KV_${bucket}`,
  `$JS.API.STREAM.UPDATE.KV_${bucket}`,
  `$JS.API.STREAM.PURGE.KV_${bucket}`,
  `$KV.${bucket}.>`,
];

/** An object is read by an ordered (ephemeral) push consumer on its chunks. */
const useObjects = (bucket: string): string[] => [
  `$JS.API.STREAM.INFO.OBJ_${bucket}`,
  `$JS.API.STREAM.CREATE.OBJ_${bucket}`,
  `$JS.API.STREAM.PURGE.OBJ_${bucket}`,
  `$JS.API.STREAM.MSG.GET.OBJ_${bucket}`,
  `$JS.API.DIRECT.GET.OBJ_${bucket}`,
  `$JS.API.DIRECT.GET.OBJ_${bucket}.>`,
  `$JS.API.CONSUMER.CREATE.OBJ_${bucket}`,
  `$JS.API.CONSUMER.CREATE.OBJ_${bucket}.>`,
  `$JS.API.CONSUMER.INFO.OBJ_${bucket}.*`,
  `$JS.API.CONSUMER.DELETE.OBJ_${bucket}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.OBJ_${bucket}.*`,
  `$JS.FC.OBJ_${bucket}.>`,
  `$JS.ACK.OBJ_${bucket}.>`,
  `$O.${bucket}.>`,
];

const { config, keys } = BUCKETS;
const { requests } = PASSING_BUCKETS;
const { work, usage, decisions, alerts, events, dead } = STREAMS;

export const NATS_PERMISSIONS: Record<BusServiceName, NatsPermissions> = {
  ingress: {
    publish: [
      "$JS.API.INFO",
      ...declareStream(work.name),
      ...declareStream(usage.name),
      ...watchBucket(config.name),
      ...watchBucket(keys.name),
      ...writeBucket(requests.name),
      ...Object.values(OBJECT_BUCKETS).flatMap(({ name }) => useObjects(name)),
      "waybill.work.>",
      "waybill.usage.*",
      // What content filters found in answers.
      "waybill.decision.*",
      "waybill.cancel.*",
      "waybill.alive.*",
      // Answers to claims and to body requests.
      "_INBOX_worker.>",
    ],
    subscribe: [
      "_INBOX_ingress.>",
      "waybill.reply.*",
      "waybill.claim.*",
      "waybill.body.*",
      "waybill.recorded.*",
      "waybill.health.*",
      "waybill.alive.*",
    ],
  },
  router: {
    publish: ["$JS.API.INFO", ...writeBucket(config.name), ...declareStream(decisions.name), "waybill.decision.*"],
    subscribe: ["_INBOX_router.>", "waybill.health.*", "waybill.recall"],
  },
  budget: {
    publish: [
      "$JS.API.INFO",
      ...declareStream(usage.name),
      ...declareStream(dead.name),
      ...pullFrom(usage.name, "budget"),
      // To reap a hold it must know that no waybill is left.
      `$JS.API.STREAM.INFO.${work.name}`,
      ...writeBucket(keys.name),
      ...declareStream(alerts.name),
      "waybill.usage.*",
      "waybill.alert.*",
      "waybill.dead.budget",
      "waybill.recall",
    ],
    subscribe: ["_INBOX_budget.>"],
  },
  worker: {
    publish: [
      "$JS.API.INFO",
      ...declareStream(work.name),
      ...declareStream(usage.name),
      ...declareStream(dead.name),
      ...pullFrom(work.name),
      ...watchBucket(config.name),
      "waybill.usage.*",
      "waybill.dead.worker",
      "waybill.reply.*",
      "waybill.claim.*",
      "waybill.body.*",
      "waybill.recorded.*",
      "waybill.health.*",
      "waybill.resting",
    ],
    subscribe: ["_INBOX_worker.>", "waybill.cancel.*", "waybill.alive.*", "waybill.resting"],
  },
  ledger: {
    publish: [
      "$JS.API.INFO",
      ...declareStream(usage.name),
      ...declareStream(dead.name),
      ...pullFrom(usage.name, "ledger"),
      ...declareStream(decisions.name),
      ...pullFrom(decisions.name, "ledger"),
      ...watchBucket(config.name),
      // Revisions: what attempts cost by a price that arrived.
      "waybill.usage.*",
      ...declareStream(events.name),
      // It makes the reader's durable, and does not read it.
      `$JS.API.CONSUMER.CREATE.${events.name}.${eventConsumer().durable}.>`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${events.name}.${eventConsumer().durable}`,
      "waybill.event.usage.*",
      "waybill.dead.ledger",
    ],
    subscribe: ["_INBOX_ledger.>"],
  },
};

/**
 * Reads EVENTS and nothing else, through durables that somebody else has made: who may make a consumer can have it deliver to any
 * subject, and so write where it may not.
 */
const EVENT_READER_PERMISSIONS: NatsPermissions = {
  publish: [
    "$JS.API.INFO",
    `$JS.API.STREAM.INFO.${events.name}`,
    `$JS.API.CONSUMER.INFO.${events.name}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${events.name}.*`,
    `$JS.ACK.${events.name}.>`,
  ],
  subscribe: [`_INBOX_${EVENT_READER}.>`, "waybill.event.>"],
};

/** Every user that a NATS server of ours has besides the operator. */
export const NATS_USERS: Readonly<Record<BusServiceName | typeof EVENT_READER, NatsPermissions>> = {
  ...NATS_PERMISSIONS,
  [EVENT_READER]: EVENT_READER_PERMISSIONS,
};
