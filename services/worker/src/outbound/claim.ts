// The question before every call: may I? Asked of the ingress that made the attempt, answered within a second or not at all.
// Claims of one turn that go to the same ingress are one message: waybills come several at a time.
import { ask, type NatsConnection } from "@waybill/bus";
import { ClaimReplies, type ClaimReply, ClaimRequests, ClaimVerdict, subjects, type Waybill } from "@waybill/wire";
import type { Claim } from "../ports.ts";

const ANSWER_WITHIN_MS = 1_000;
/** A claim is about 100 bytes; a reply at most a few hundred. */
const CLAIMS_PER_MESSAGE_MAX = 1_000;

interface Asking {
  readonly attemptId: string;
  readonly deliveryCount: number;
  answer(claim: Claim): void;
}

export class Claims {
  readonly #nc: NatsConnection;
  readonly #workerId: string;
  #byIngress = new Map<string, Asking[]>();

  constructor(nc: NatsConnection, workerId: string) {
    this.#nc = nc;
    this.#workerId = workerId;
  }

  /** Never rejects: no listener, no answer in time and no connection are all `nobody`. */
  claim({ attemptId, ingressId }: Waybill, deliveryCount: number): Promise<Claim> {
    return new Promise((answer) => {
      if (this.#byIngress.size === 0) setImmediate(() => this.#flush());
      const asking = this.#byIngress.get(ingressId);
      if (asking) asking.push({ attemptId, deliveryCount, answer });
      else this.#byIngress.set(ingressId, [{ attemptId, deliveryCount, answer }]);
    });
  }

  #flush(): void {
    const byIngress = this.#byIngress;
    this.#byIngress = new Map();
    for (const [ingressId, asking] of byIngress) {
      for (let from = 0; from < asking.length; from += CLAIMS_PER_MESSAGE_MAX) {
        void this.#ask(ingressId, asking.slice(from, from + CLAIMS_PER_MESSAGE_MAX));
      }
    }
  }

  async #ask(ingressId: string, asking: readonly Asking[]): Promise<void> {
    const claims = asking.map(({ attemptId, deliveryCount }) => ({
      attemptId,
      deliveryCount,
      workerId: this.#workerId,
    }));
    const data = ClaimRequests.encode({ claims }).finish();
    const options = { timeoutMs: ANSWER_WITHIN_MS, atOnce: true };
    const answer = await ask(this.#nc, subjects.claim(ingressId), data, options);
    if (answer.kind !== "answered") {
      for (const one of asking) one.answer({ kind: "nobody" });
      return;
    }
    const replies = decode(answer.message.data);
    for (const [index, one] of asking.entries()) one.answer(claimOf(replies[index]));
  }
}

/** An answer nobody knows is not a yes; the message comes again. */
function claimOf(reply: ClaimReply | undefined): Claim {
  switch (reply?.verdict) {
    case ClaimVerdict.GO:
      return { kind: "go", msLeft: reply.msLeft };
    case ClaimVerdict.LOST:
      return { kind: "lost", evidence: reply.evidence };
    case ClaimVerdict.OVER:
      return { kind: "over" };
    default:
      return { kind: "running" };
  }
}

function decode(data: Uint8Array): ClaimReply[] {
  try {
    return ClaimReplies.decode(data).replies;
  } catch {
    return [];
  }
}
