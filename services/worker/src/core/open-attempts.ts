// Every attempt this worker has in its hands, from the message's arrival until its record is on USAGE. One sweep keeps the
// messages, watches the deadlines and finds ingresses that fell silent, for all of them together.
import type { ErrorCode } from "@waybill/domain";
import type { WorkMessage } from "../ports.ts";

/** A running provider call, as far as others may touch it. */
export interface Carried {
  cancel(code: ErrorCode): void;
  sweep(nowMs: number): void;
}

export class OpenAttempt {
  readonly attemptId: string;
  readonly ingressId: string;
  readonly message: WorkMessage;
  readonly openedAtMs: number;
  keptAtMs: number;
  /** Cancelled, whether or not the call has begun. */
  cancelledBy: ErrorCode | undefined;
  /** True once the record is safe on disk or on USAGE: it takes no more of the worker's capacity. */
  isSecured = false;
  #carried: Carried | undefined;

  constructor(attemptId: string, ingressId: string, message: WorkMessage, nowMs: number) {
    this.attemptId = attemptId;
    this.ingressId = ingressId;
    this.message = message;
    this.openedAtMs = nowMs;
    this.keptAtMs = nowMs;
  }

  /** The call begins; a cancel that came before it ends it at once. */
  carry(carried: Carried): void {
    this.#carried = carried;
    if (this.cancelledBy) carried.cancel(this.cancelledBy);
  }

  /** The call is over. */
  settle(): void {
    this.#carried = undefined;
  }

  get isCalling(): boolean {
    return this.#carried !== undefined;
  }

  cancel(code: ErrorCode): void {
    this.cancelledBy ??= code;
    this.#carried?.cancel(code);
  }

  sweep(nowMs: number): void {
    this.#carried?.sweep(nowMs);
  }
}

/** Attempts whose records are on USAGE; a late redelivery of one of them is acknowledged and forgotten. */
const RECORDED_MAX = 20_000;

export class OpenAttempts {
  readonly #open = new Map<string, OpenAttempt>();
  readonly #recorded = new Set<string>();
  readonly #keepEveryMs: number;
  readonly #onFreed: () => void;
  #carrying = 0;

  /** `onFreed` is told whenever there is room for one more. */
  constructor(keepEveryMs: number, onFreed: () => void) {
    this.#keepEveryMs = keepEveryMs;
    this.#onFreed = onFreed;
  }

  /** How many take capacity: all whose record is not secured yet. */
  get carrying(): number {
    return this.#carrying;
  }

  get size(): number {
    return this.#open.size;
  }

  /** `open`: this worker has it in its hands; `recorded`: it was booked by this worker. */
  stateOf(attemptId: string): "open" | "recorded" | "new" {
    if (this.#open.has(attemptId)) return "open";
    return this.#recorded.has(attemptId) ? "recorded" : "new";
  }

  open(attemptId: string, ingressId: string, message: WorkMessage, nowMs: number): OpenAttempt {
    const attempt = new OpenAttempt(attemptId, ingressId, message, nowMs);
    this.#open.set(attemptId, attempt);
    this.#carrying += 1;
    return attempt;
  }

  secure(attempt: OpenAttempt): void {
    if (attempt.isSecured) return;
    attempt.isSecured = true;
    this.#carrying -= 1;
    this.#onFreed();
  }

  close(attempt: OpenAttempt, isRecorded: boolean): void {
    this.secure(attempt);
    this.#open.delete(attempt.attemptId);
    if (!isRecorded) return;
    this.#recorded.add(attempt.attemptId);
    for (const oldest of this.#recorded) {
      if (this.#recorded.size <= RECORDED_MAX) break;
      this.#recorded.delete(oldest);
    }
  }

  cancel(attemptId: string, code: ErrorCode): void {
    this.#open.get(attemptId)?.cancel(code);
  }

  cancelAll(code: ErrorCode): void {
    for (const attempt of this.#open.values()) attempt.cancel(code);
  }

  /** Cancels the calls of every ingress that was not heard for `silentMs`; `heardAtMs` knows when each was. */
  cancelSilent(nowMs: number, silentMs: number, heardAtMs: (ingressId: string) => number): void {
    for (const attempt of this.#open.values()) {
      if (!attempt.isCalling || attempt.cancelledBy) continue;
      const lastAtMs = Math.max(attempt.openedAtMs, heardAtMs(attempt.ingressId));
      if (nowMs - lastAtMs >= silentMs) attempt.cancel("client_gone");
    }
  }

  /** Call it often: due timeouts end their calls, messages are kept well inside their ack wait. */
  sweep(nowMs: number): void {
    for (const attempt of this.#open.values()) {
      attempt.sweep(nowMs);
      if (nowMs - attempt.keptAtMs < this.#keepEveryMs) continue;
      attempt.keptAtMs = nowMs;
      attempt.message.working();
    }
  }
}
