// The question before every call: may I? Asked of the ingress that made the attempt, answered within a second or not at all.
import { ask, type NatsConnection } from "@waybill/bus";
import { ClaimReply, ClaimRequest, ClaimVerdict, subjects, type Waybill } from "@waybill/wire";
import type { Claim } from "../ports.ts";

const ANSWER_WITHIN_MS = 1_000;

/** Never throws: no listener, no answer in time and no connection are all `nobody`. */
export async function claim(
  nc: NatsConnection,
  workerId: string,
  { attemptId, ingressId }: Waybill,
  deliveryCount: number,
): Promise<Claim> {
  const request = ClaimRequest.encode({ attemptId, workerId, deliveryCount }).finish();
  const answer = await ask(nc, subjects.claim(ingressId), request, { timeoutMs: ANSWER_WITHIN_MS });
  if (answer.kind !== "answered") return { kind: "nobody" };
  const reply = decode(answer.message.data);
  switch (reply?.verdict) {
    case ClaimVerdict.GO:
      return { kind: "go", msLeft: reply.msLeft };
    case ClaimVerdict.RUNNING:
      return { kind: "running" };
    case ClaimVerdict.LOST:
      return { kind: "lost", evidence: reply.evidence };
    case ClaimVerdict.OVER:
      return { kind: "over" };
    default:
      // An answer nobody knows is not a yes; the message comes again.
      return { kind: "running" };
  }
}

function decode(data: Uint8Array): ClaimReply | undefined {
  try {
    return ClaimReply.decode(data);
  } catch {
    return undefined;
  }
}
