// EVERY subject of the bus: who publishes, who listens, what it carries, and why. docs/subjects.md is checked against it.
import { type ModelId, subjectToken } from "@waybill/domain";

/** The services on the bus. */
export type BusServiceName = "ingress" | "router" | "budget" | "worker" | "ledger";
/** Everything that runs; the console only asks over gRPC. */
export type ServiceName = BusServiceName | "console";

export interface SubjectEntry {
  /** As published; `<name>` stands for one token. */
  pattern: string;
  publisher: readonly BusServiceName[];
  listener: readonly BusServiceName[];
  /** The protobuf message it carries. */
  payload: string;
  /** `core`: gone when nobody listens; otherwise the stream that stores it. */
  kept: "core" | "WORK" | "JOBS" | "USAGE" | "DECISIONS" | "ALERTS" | "EVENTS" | "DEAD";
  why: string;
}

export const SUBJECTS = {
  work: {
    pattern: "waybill.work.<provider>.<model>",
    publisher: ["ingress"],
    listener: ["worker"],
    payload: "Waybill",
    kept: "WORK",
    why: "One attempt to be carried; its lag per model is what ops scale workers on.",
  },
  usage: {
    pattern: "waybill.usage.<organisation>",
    publisher: ["worker", "ingress", "budget", "ledger"],
    listener: ["ledger", "budget"],
    payload: "UsageRecord",
    kept: "USAGE",
    why: "The facts that go on the books; both consumers see the same ones.",
  },
  decision: {
    pattern: "waybill.decision.<organisation>",
    publisher: ["router", "ingress"],
    listener: ["ledger"],
    payload: "DecisionBatch",
    kept: "DECISIONS",
    why: "Why requests went where they went, refused ones too; up to 100 ms of them in one message.",
  },
  alert: {
    pattern: "waybill.alert.<organisation>",
    publisher: ["budget"],
    listener: [],
    payload: "Alert",
    kept: "ALERTS",
    why: "Thresholds that budgets have reached and spend that looks wrong, for whatever you run that wants to know.",
  },
  usageEvent: {
    pattern: "waybill.event.usage.<organisation>",
    publisher: ["ledger"],
    listener: [],
    payload: "a CloudEvent as JSON",
    kept: "EVENTS",
    why: "What was booked, entry by entry, for whatever you run that sums or bills it.",
  },
  dead: {
    pattern: "waybill.dead.<service>",
    publisher: ["worker", "budget", "ledger"],
    listener: [],
    payload: "the message as it came, with its reason in a header",
    kept: "DEAD",
    why: "What could not be processed, for people to look at and replay.",
  },
  reply: {
    pattern: "waybill.reply.<ingress>",
    publisher: ["worker"],
    listener: ["ingress"],
    payload: "Frames",
    kept: "core",
    why: "Answers, frame by frame; those of one turn of a worker ride together, whichever requests they belong to.",
  },
  claim: {
    pattern: "waybill.claim.<ingress>",
    publisher: ["worker"],
    listener: ["ingress"],
    payload: "ClaimRequests, answered by ClaimReplies",
    kept: "core",
    why: "No provider call without the ingress's go, so one clock decides.",
  },
  body: {
    pattern: "waybill.body.<request>",
    publisher: ["worker"],
    listener: ["ingress"],
    payload: "BodyRequest, answered by BodyChunk",
    kept: "core",
    why: "Bodies over 64 KiB never ride in a stored message; the claiming worker asks for them piece by piece.",
  },
  cancel: {
    pattern: "waybill.cancel.<worker>",
    publisher: ["ingress"],
    listener: ["worker"],
    payload: "CancelAttempt",
    kept: "core",
    why: "The client is gone: abort the provider call and book what was delivered.",
  },
  recorded: {
    pattern: "waybill.recorded.<ingress>",
    publisher: ["worker"],
    listener: ["ingress"],
    payload: "AttemptsRecorded",
    kept: "core",
    why: "These attempts are durably on USAGE, so the ingress forgets its evidence, and waits no longer for frames that were lost.",
  },
  health: {
    pattern: "waybill.health.<worker>",
    publisher: ["worker"],
    listener: ["router", "ingress"],
    payload: "WorkerHealth",
    kept: "core",
    why: "Once a second: which models have a live worker, and who is gone.",
  },
  resting: {
    pattern: "waybill.resting",
    publisher: ["worker"],
    listener: ["worker"],
    payload: "AccountResting",
    kept: "core",
    why: "What one worker has learnt of a provider's rate limit, so that the others back off before they are refused.",
  },
  alive: {
    pattern: "waybill.alive.<ingress>",
    publisher: ["ingress"],
    listener: ["worker", "ingress"],
    payload: "IngressAlive",
    kept: "core",
    why: "Once a second: workers cancel the calls of an ingress that is gone, and its siblings take over its Idempotency-Keys.",
  },
  recall: {
    pattern: "waybill.recall",
    publisher: ["budget"],
    listener: ["router"],
    payload: "GrantRecall",
    kept: "core",
    why: "Before anything is refused, unspent credit is called back from every live holder.",
  },
} as const satisfies Record<string, SubjectEntry>;

export const subjects = {
  work: (id: ModelId): string => `waybill.work.${subjectToken(id.provider)}.${subjectToken(id.model)}`,
  usage: (organisationId: string): string => `waybill.usage.${subjectToken(organisationId)}`,
  decision: (organisationId: string): string => `waybill.decision.${subjectToken(organisationId)}`,
  alert: (organisationId: string): string => `waybill.alert.${subjectToken(organisationId)}`,
  usageEvent: (organisationId: string): string => `waybill.event.usage.${subjectToken(organisationId) || "-"}`,
  dead: (service: BusServiceName): string => `waybill.dead.${service}`,
  reply: (ingressId: string): string => `waybill.reply.${subjectToken(ingressId)}`,
  claim: (ingressId: string): string => `waybill.claim.${subjectToken(ingressId)}`,
  body: (requestId: string): string => `waybill.body.${subjectToken(requestId)}`,
  cancel: (workerId: string): string => `waybill.cancel.${subjectToken(workerId)}`,
  recorded: (ingressId: string): string => `waybill.recorded.${subjectToken(ingressId)}`,
  health: (workerId: string): string => `waybill.health.${subjectToken(workerId)}`,
  healthOfAll: "waybill.health.*",
  alive: (ingressId: string): string => `waybill.alive.${subjectToken(ingressId)}`,
  aliveOfAll: "waybill.alive.*",
  recall: "waybill.recall",
  resting: "waybill.resting",
} as const;
