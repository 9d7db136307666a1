// EVERY JetStream stream, consumer and KV bucket: retention, bounds, and the reason for each. Plain data; libs/bus declares it.
import { type ModelId, subjectToken } from "@waybill/domain";

/** What libs/bus needs to declare a stream. Durations in milliseconds. */
export interface StreamDeclaration {
  name: string;
  subjects: readonly string[];
  retention: "workqueue" | "limits";
  storage: "memory" | "file";
  maxAgeMs: number;
  /** The whole stream. */
  maxBytes: number;
  /** Per subject; beyond it a publish is refused, never an older message dropped. */
  maxMessagesPerSubject?: number;
  /** What goes when it is full. `new`: a publish is refused. */
  discard: "new" | "old";
  /** How long a Nats-Msg-Id is remembered. */
  duplicateWindowMs: number;
  why: string;
}

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export const STREAMS = {
  work: {
    name: "WORK",
    subjects: ["waybill.work.>"],
    retention: "workqueue",
    // Prompts never touch a disk.
    storage: "memory",
    // Above the longest total timeout (10 minutes) and the redeliveries after it.
    maxAgeMs: 1_800_000,
    maxBytes: 256 * MIB,
    maxMessagesPerSubject: 10_000,
    discard: "new",
    duplicateWindowMs: 120_000,
    why: "Live requests as a work queue: workers take only what they can carry; the bound counts running calls too.",
  },
  usage: {
    name: "USAGE",
    subjects: ["waybill.usage.>"],
    retention: "limits",
    storage: "file",
    maxAgeMs: 30 * DAY_MS,
    // When full, new requests are refused: records are never dropped.
    maxBytes: 8 * 1024 * MIB,
    discard: "new",
    duplicateWindowMs: 120_000,
    why: "The facts: read by ledger and budget, each with its own durable.",
  },
  decisions: {
    name: "DECISIONS",
    subjects: ["waybill.decision.>"],
    retention: "limits",
    storage: "file",
    maxAgeMs: 30 * DAY_MS,
    maxBytes: 4 * 1024 * MIB,
    // A lost batch loses an explanation, never money.
    discard: "old",
    duplicateWindowMs: 120_000,
    why: "Why requests went where they went; read by ledger. When it is full the oldest go.",
  },
  alerts: {
    name: "ALERTS",
    subjects: ["waybill.alert.>"],
    retention: "limits",
    storage: "file",
    maxAgeMs: 30 * DAY_MS,
    maxBytes: 64 * MIB,
    // All of them stand in PostgreSQL, too.
    discard: "old",
    duplicateWindowMs: 120_000,
    why: "Alerts about spend, for your own programs. When it is full the oldest go.",
  },
  events: {
    name: "EVENTS",
    subjects: ["waybill.event.>"],
    retention: "limits",
    storage: "file",
    maxAgeMs: 7 * DAY_MS,
    maxBytes: 2 * 1024 * MIB,
    // All of them can be made again from the books.
    discard: "old",
    duplicateWindowMs: 120_000,
    why: "What was booked, as CloudEvents for programs of others. When it is full the oldest go; the books give them again.",
  },
  dead: {
    name: "DEAD",
    subjects: ["waybill.dead.>"],
    retention: "limits",
    storage: "file",
    maxAgeMs: 90 * DAY_MS,
    maxBytes: 256 * MIB,
    discard: "new",
    duplicateWindowMs: 120_000,
    why: "What could not be processed, with its reason.",
  },
} as const satisfies Record<string, StreamDeclaration>;

/** What libs/bus needs to declare a durable pull consumer with explicit acks. No max-deliver, no backoff. */
export interface ConsumerDeclaration {
  stream: string;
  durable: string;
  filterSubject: string;
  ackWaitMs: number;
  maxAckPending: number;
}

/** Redelivery after this much silence of the worker that holds a waybill; it says `working` every sixth of it. */
export const WORK_ACK_WAIT_MS = 30_000;

/**
 * The durable of one model's waybills. The stream's creation time is part of the name: after a restart of a server that
 * kept WORK in memory, an ack from before cannot remove the new waybill with the same sequence.
 */
export function workConsumer(id: ModelId, streamCreated: string, ackWaitMs = WORK_ACK_WAIT_MS): ConsumerDeclaration {
  const { provider, model } = id;
  return {
    stream: STREAMS.work.name,
    durable: `${subjectToken(provider)}-${subjectToken(model)}-${subjectToken(streamCreated)}`,
    filterSubject: `waybill.work.${subjectToken(provider)}.${subjectToken(model)}`,
    ackWaitMs,
    maxAckPending: 100_000,
  };
}

/** The two readers of USAGE; replicas of a service share its durable. */
export function usageConsumer(service: "ledger" | "budget"): ConsumerDeclaration {
  return {
    stream: STREAMS.usage.name,
    durable: service,
    filterSubject: "waybill.usage.>",
    ackWaitMs: 30_000,
    maxAckPending: 20_000,
  };
}

/** The reader of DECISIONS; replicas of the ledger share its durable. */
export function decisionConsumer(): ConsumerDeclaration {
  return {
    stream: STREAMS.decisions.name,
    durable: "ledger",
    filterSubject: "waybill.decision.>",
    ackWaitMs: 30_000,
    maxAckPending: 1_000,
  };
}

/** The one reader of EVENTS that is made by itself, for a program of somebody else; the ledger makes it and does not read it. */
export function eventConsumer(): ConsumerDeclaration {
  return {
    stream: STREAMS.events.name,
    durable: "reader",
    filterSubject: "waybill.event.>",
    ackWaitMs: 30_000,
    maxAckPending: 10_000,
  };
}

/** Buckets that forget: what is in them is gone after `maxAgeMs`, whether in memory or on disk. */
export interface PassingBucket {
  name: string;
  maxAgeMs: number;
  /** The whole bucket; beyond it a write is refused. */
  maxBytes: number;
  why: string;
}

export const PASSING_BUCKETS = {
  requests: {
    name: "waybill_requests",
    maxAgeMs: DAY_MS,
    maxBytes: 128 * MIB,
    why: "Requests with an Idempotency-Key: who carries each, and what its answer is called. No prompt, no answer.",
  },
} as const satisfies Record<string, PassingBucket>;

/** The same for objects of any size. */
export const OBJECT_BUCKETS = {
  answers: {
    name: "waybill_answers",
    maxAgeMs: DAY_MS,
    maxBytes: 1024 * MIB,
    why: "Answers that are given again: of requests with an Idempotency-Key. In memory unless an operator says otherwise.",
  },
  // A bucket forgets by one age, so answers for others lie in the first whose age is not below theirs.
  cachedFiveMinutes: {
    name: "waybill_cached_5m",
    maxAgeMs: 5 * MINUTE_MS,
    maxBytes: 256 * MIB,
    why: "Answers for whoever asks the same, up to five minutes. In memory unless an operator says otherwise.",
  },
  cachedHour: {
    name: "waybill_cached_1h",
    maxAgeMs: 60 * MINUTE_MS,
    maxBytes: 256 * MIB,
    why: "The same, up to an hour.",
  },
  cachedDay: {
    name: "waybill_cached_1d",
    maxAgeMs: DAY_MS,
    maxBytes: 256 * MIB,
    why: "The same, up to a day.",
  },
} as const satisfies Record<string, PassingBucket>;

export const BUCKETS = {
  config: {
    name: "waybill_config",
    history: 8,
    why: "Deployed providers, models, aliases and routes; written by router from Postgres, which is the truth.",
  },
  keys: {
    name: "waybill_keys",
    history: 1,
    why: "Virtual keys that were revoked, or changed up to which revision; written by budget, watched by every ingress. No secret.",
  },
} as const;
