// The fact that goes on the books: the waybill's own words, what the attempt came to, and who says so.
import { recordId } from "@waybill/domain";
import { RecordSource, type UsageRecord, type Waybill } from "@waybill/wire";
import type { Settlement } from "./settle.ts";

const SOURCES = { worker: RecordSource.WORKER, lost: RecordSource.LOST, void: RecordSource.VOID } as const;

/** What the recorder adds. */
export interface RecordFacts {
  /**
   * `worker`: this worker claimed the attempt. `lost`: it found it without its holder. `void`: nobody answered its claim, so
   * it did not call; whoever is told `go` after a redelivery has a record of its own, and that one stands.
   */
  source: "worker" | "lost" | "void";
  workerId: string;
  recordedAtMs: number;
  firstTokenMs: number;
  durationMs: number;
  finishReason: string;
  /** A code of the error catalogue; empty for success. */
  errorCode: string;
  providerStatus: number;
  /** The provider's account that was called; empty: none was, or nobody knows which. */
  account: string;
}

export function makeUsageRecord(waybill: Waybill, settlement: Settlement, facts: RecordFacts): UsageRecord {
  const hasEvidence = Object.keys(settlement.evidence).length > 0;
  return {
    recordId: recordId(waybill.attemptId, facts.source),
    attemptId: waybill.attemptId,
    requestId: waybill.requestId,
    attempt: waybill.attempt,
    source: SOURCES[facts.source],
    outcome: settlement.outcome,
    attribution: waybill.attribution,
    route: waybill.route,
    routeVersion: waybill.routeVersion,
    path: waybill.path,
    target: waybill.target,
    requestedModel: waybill.requestedModel,
    stream: waybill.stream,
    usage: settlement.usage,
    tokenSource: settlement.tokenSource,
    evidenceJson: hasEvidence ? JSON.stringify(settlement.evidence) : "",
    price: waybill.price,
    costPicoUsd: settlement.costPicoUsd,
    costKnown: settlement.costKnown,
    holds: waybill.holds,
    holder: waybill.holder,
    recordedAtMs: BigInt(Math.trunc(facts.recordedAtMs)),
    firstTokenMs: Math.round(facts.firstTokenMs),
    durationMs: Math.round(facts.durationMs),
    ingressId: waybill.ingressId,
    workerId: facts.workerId,
    finishReason: facts.finishReason,
    errorCode: facts.errorCode,
    providerStatus: facts.providerStatus,
    suspect: settlement.isSuspect,
    account: facts.account,
    session: waybill.sessionKey,
    revision: 0,
  };
}
