// One attempt as its ingress sees it: who may carry it, what came back, and what is known of its cost.
//
// States: waiting -> carried -> ended;  waiting -> given_up.
// - waiting: published, unclaimed. The first claim moves it to carried. The ingress alone moves it to given_up.
// - carried: one worker was told `go`. Frames are taken from nobody else. A finished or failed frame, or the end of that
//   worker, moves it to ended.
// - ended: kept until its record is known to be stored, because a redelivered waybill may still ask what was seen.
// - given_up: whoever claims it now hears `over`; its void record closes the books.
import type { WaybillError } from "@waybill/domain";
import {
  type Attribution,
  type ClaimReply,
  ClaimVerdict,
  type Decision,
  type Frame,
  type FrameFailed,
  type FrameFinished,
  type FrameStarted,
} from "@waybill/wire";

export type AttemptState = "waiting" | "carried" | "ended" | "given_up";

/** What happens to an attempt, told to the story that waits for it. */
export type AttemptEvent =
  | { kind: "started"; frame: FrameStarted }
  | { kind: "data"; bytes: Uint8Array; countedOutputTokens: number }
  | { kind: "finished"; frame: FrameFinished }
  | { kind: "failed"; frame: FrameFailed }
  /** A frame is missing: what follows can never be made whole. */
  | { kind: "gap" }
  | { kind: "worker_lost" }
  | { kind: "unclaimed" }
  | { kind: "aborted"; error: WaybillError };

export interface AttemptOptions {
  attemptId: string;
  requestId: string;
  attribution: Attribution | undefined;
  decision: Decision;
  /** Monotonic milliseconds at which the attempt's total time is over. */
  deadlineMs: number;
  /** Monotonic milliseconds after which an unclaimed attempt is given up. */
  claimByMs: number;
  listener: (event: AttemptEvent) => void;
}

export class Attempt {
  readonly attemptId: string;
  readonly requestId: string;
  readonly attribution: Attribution | undefined;
  readonly decision: Decision;
  readonly deadlineMs: number;
  readonly claimByMs: number;
  readonly #listener: (event: AttemptEvent) => void;
  #state: AttemptState = "waiting";
  #workerId = "";
  #nextSequence = 0;
  #accepted = false;
  #countedOutputTokens = 0n;
  #contentBytes = 0n;
  #finished: FrameFinished | undefined;

  constructor(options: AttemptOptions) {
    this.attemptId = options.attemptId;
    this.requestId = options.requestId;
    this.attribution = options.attribution;
    this.decision = options.decision;
    this.deadlineMs = options.deadlineMs;
    this.claimByMs = options.claimByMs;
    this.#listener = options.listener;
  }

  get state(): AttemptState {
    return this.#state;
  }

  /** The worker that was told `go`; empty before. */
  get workerId(): string {
    return this.#workerId;
  }

  /** Answers a claim. `isGone` tells whether a worker has stopped giving signs of life. */
  claim(workerId: string, nowMs: number, isGone: (workerId: string) => boolean): ClaimReply {
    if (this.#state === "given_up") return reply(ClaimVerdict.OVER);
    if (this.#state === "waiting") {
      const msLeft = Math.floor(this.deadlineMs - nowMs);
      if (msLeft <= 0) return reply(ClaimVerdict.OVER);
      this.#state = "carried";
      this.#workerId = workerId;
      return { verdict: ClaimVerdict.GO, msLeft, evidence: undefined };
    }
    // A worker that asks again for what it carries has restarted under the same id or lost our answer: it does not carry it.
    if (workerId !== this.#workerId && !isGone(this.#workerId)) return reply(ClaimVerdict.RUNNING);
    if (this.#state === "carried") this.end({ kind: "worker_lost" });
    return { verdict: ClaimVerdict.LOST, msLeft: 0, evidence: this.evidence() };
  }

  /** Takes a frame. Frames after the end, and of an attempt nobody claimed, are dropped. */
  take(frame: Frame): void {
    if (this.#state !== "carried" || !frame.kind) return;
    if (frame.sequence !== this.#nextSequence) {
      this.end({ kind: "gap" });
      return;
    }
    this.#nextSequence += 1;
    const { kind } = frame;
    if (kind.$case === "started") {
      this.#accepted = true;
      this.#listener({ kind: "started", frame: kind.value });
    } else if (kind.$case === "data") {
      this.#countedOutputTokens += BigInt(kind.value.countedOutputTokens);
      this.#contentBytes += BigInt(kind.value.bytes.length);
      const { bytes, countedOutputTokens } = kind.value;
      this.#listener({ kind: "data", bytes, countedOutputTokens });
    } else if (kind.$case === "finished") {
      this.#finished = kind.value;
      this.end({ kind: "finished", frame: kind.value });
    } else {
      this.end({ kind: "failed", frame: kind.value });
    }
  }

  /** Ends the attempt once; later calls change nothing. */
  end(event: AttemptEvent): void {
    if (this.#state === "ended" || this.#state === "given_up") return;
    this.#state = "ended";
    this.#listener(event);
  }

  /** Gives up an attempt that nobody has claimed. False when it is too late for that. */
  giveUp(): boolean {
    if (this.#state !== "waiting") return this.#state === "given_up";
    this.#state = "given_up";
    this.#listener({ kind: "unclaimed" });
    return true;
  }

  /** What is known of the attempt's cost, for whoever records it in place of a worker that is gone. */
  evidence(): NonNullable<ClaimReply["evidence"]> {
    return {
      providerUsage: this.#finished?.usage,
      countedOutputTokens: this.#countedOutputTokens,
      accepted: this.#accepted,
      contentBytes: this.#contentBytes,
    };
  }
}

function reply(verdict: ClaimVerdict): ClaimReply {
  return { verdict, msLeft: 0, evidence: undefined };
}
