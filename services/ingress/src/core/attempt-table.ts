// All attempts of this ingress that somebody may still ask about, and which workers are alive.
import { WaybillError } from "@waybill/domain";
import { type AttemptsRecorded, type ClaimReply, type ClaimRequest, ClaimVerdict, type Frame } from "@waybill/wire";
import type { Attempt } from "./attempt.ts";

export interface AttemptTableLimits {
  /** A worker not heard for this long is gone. */
  workerSilentMs: number;
  /** The last frame of an attempt that is on the books is lost when it has not come this much later. */
  lastFrameMs: number;
  /** A worker ends its call at the attempt's total time; one that has not said so this much later is not waited for. */
  overdueMs: number;
  /** An ended attempt whose record was never confirmed is forgotten after this; WORK keeps no waybill longer. */
  keepEndedMs: number;
}

export class AttemptTable {
  readonly #limits: AttemptTableLimits;
  readonly #attempts = new Map<string, Attempt>();
  readonly #endedAtMs = new Map<string, number>();
  /** Attempts on the books whose last frame has not come. */
  readonly #recordedAtMs = new Map<string, number>();
  readonly #heardAtMs = new Map<string, number>();

  constructor(limits: AttemptTableLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#attempts.size;
  }

  open(attempt: Attempt): void {
    this.#attempts.set(attempt.attemptId, attempt);
  }

  /** Attempts whose answer is still on its way. */
  running(): Attempt[] {
    return [...this.#attempts.values()].filter(({ state }) => state === "waiting" || state === "carried");
  }

  /** Answers a worker's claim. An attempt nobody knows is over. */
  claim(request: ClaimRequest, nowMs: number): ClaimReply {
    const attempt = this.#attempts.get(request.attemptId);
    if (!attempt) return { verdict: ClaimVerdict.OVER, msLeft: 0, evidence: undefined };
    // Who asks is alive, even if its first heartbeat is still on its way.
    this.#heardAtMs.set(request.workerId, nowMs);
    return attempt.claim(request.workerId, nowMs, (workerId) => this.isGone(workerId, nowMs));
  }

  take(frame: Frame): void {
    this.#attempts.get(frame.attemptId)?.take(frame);
  }

  heard(workerId: string, nowMs: number): void {
    this.#heardAtMs.set(workerId, nowMs);
  }

  isGone(workerId: string, nowMs: number): boolean {
    const heardAtMs = this.#heardAtMs.get(workerId);
    return heardAtMs === undefined || nowMs - heardAtMs > this.#limits.workerSilentMs;
  }

  /** After a break of our own connection every worker gets a fresh start: the silence was ours. */
  forgiveSilence(nowMs: number): void {
    for (const workerId of this.#heardAtMs.keys()) this.#heardAtMs.set(workerId, nowMs);
  }

  /** Their records are stored: nobody will ask about them again. */
  recorded({ attemptIds }: AttemptsRecorded, nowMs: number): void {
    for (const attemptId of attemptIds) {
      const state = this.#attempts.get(attemptId)?.state;
      if (state === "ended" || state === "given_up") this.forget(attemptId);
      // Its last frame may still be on its way on the other connection; if it does not come, it is lost.
      else if (state && !this.#recordedAtMs.has(attemptId)) this.#recordedAtMs.set(attemptId, nowMs);
    }
  }

  forget(attemptId: string): void {
    this.#attempts.delete(attemptId);
    this.#endedAtMs.delete(attemptId);
    this.#recordedAtMs.delete(attemptId);
  }

  /**
   * Ends what waits for a worker that is gone, gives up what nobody claimed in time (its story then closes the books),
   * forgets what is old. Returns attempts whose worker is alive but long past their total time: they are over for the
   * client, and the worker should be told.
   */
  sweep(nowMs: number): Attempt[] {
    const overdue: Attempt[] = [];
    for (const attempt of this.#attempts.values()) {
      if (attempt.state === "waiting" && nowMs > Math.min(attempt.claimByMs, attempt.deadlineMs)) {
        attempt.giveUp();
      } else if (attempt.state === "carried" && this.isGone(attempt.workerId, nowMs)) {
        attempt.end({ kind: "worker_lost" });
      } else if (attempt.state === "carried" && this.#lastFrameIsLost(attempt.attemptId, nowMs)) {
        attempt.end({ kind: "gap" });
      } else if (attempt.state === "carried" && nowMs > attempt.deadlineMs + this.#limits.overdueMs) {
        attempt.end({ kind: "aborted", error: new WaybillError("gateway_timeout") });
        overdue.push(attempt);
      } else if (attempt.state === "ended" && this.#recordedAtMs.has(attempt.attemptId)) {
        this.forget(attempt.attemptId);
      } else if (attempt.state === "ended") {
        this.#forgetWhenOld(attempt.attemptId, nowMs);
      } else if (attempt.state === "given_up") {
        this.forget(attempt.attemptId);
      }
    }
    for (const [workerId, heardAtMs] of this.#heardAtMs) {
      if (nowMs - heardAtMs > this.#limits.keepEndedMs) this.#heardAtMs.delete(workerId);
    }
    return overdue;
  }

  #lastFrameIsLost(attemptId: string, nowMs: number): boolean {
    const recordedAtMs = this.#recordedAtMs.get(attemptId);
    return recordedAtMs !== undefined && nowMs - recordedAtMs > this.#limits.lastFrameMs;
  }

  #forgetWhenOld(attemptId: string, nowMs: number): void {
    const endedAtMs = this.#endedAtMs.get(attemptId);
    if (endedAtMs === undefined) this.#endedAtMs.set(attemptId, nowMs);
    else if (nowMs - endedAtMs > this.#limits.keepEndedMs) this.forget(attemptId);
  }
}
