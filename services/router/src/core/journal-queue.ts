// The journal's lines on their way to the budget service: in order, one batch under way at a time, repeated until it is
// acknowledged, never dropped. A closing stands behind every line of its grant because it is pushed after them, and so does a withdrawal
// behind its attempt.
import type { Closing } from "./grant.ts";

/** An exact hold that was asked for and got no answer; nobody uses it. */
export interface Withdrawal {
  attemptId: string;
  holder: string;
}

type JournalLine<Attempt> =
  | { kind: "attempt"; attempt: Attempt }
  | { kind: "closing"; closing: Closing }
  | { kind: "withdrawal"; withdrawal: Withdrawal };

export interface JournalBatch<Attempt> {
  attempts: Attempt[];
  closings: Closing[];
  withdrawals: Withdrawal[];
}

export class JournalQueue<Attempt> {
  readonly #linesMax: number;
  readonly #batchMax: number;
  #lines: JournalLine<Attempt>[] = [];
  #underWay = 0;

  /** `linesMax`: with more waiting, no further hold may be cut. `batchMax`: lines in one call. */
  constructor(linesMax: number, batchMax: number) {
    this.#linesMax = linesMax;
    this.#batchMax = batchMax;
  }

  get length(): number {
    return this.#lines.length;
  }

  /** False: a hold cut now could not be journaled, so none may be cut. */
  get hasRoom(): boolean {
    return this.#lines.length < this.#linesMax;
  }

  pushAttempt(attempt: Attempt): void {
    this.#lines.push({ kind: "attempt", attempt });
  }

  /** Always taken: there are never more closings than grants. */
  pushClosing(closing: Closing): void {
    this.#lines.push({ kind: "closing", closing });
  }

  /** Always taken: there are never more than requests that wait. */
  pushWithdrawal(withdrawal: Withdrawal): void {
    this.#lines.push({ kind: "withdrawal", withdrawal });
  }

  /** The next batch, or undefined when one is under way or nothing waits. */
  take(): JournalBatch<Attempt> | undefined {
    if (this.#underWay > 0 || this.#lines.length === 0) return undefined;
    const batch: JournalBatch<Attempt> = { attempts: [], closings: [], withdrawals: [] };
    this.#underWay = Math.min(this.#batchMax, this.#lines.length);
    for (const line of this.#lines.slice(0, this.#underWay)) {
      if (line.kind === "attempt") batch.attempts.push(line.attempt);
      else if (line.kind === "closing") batch.closings.push(line.closing);
      else batch.withdrawals.push(line.withdrawal);
    }
    return batch;
  }

  /** The batch under way is durable. */
  acknowledged(): void {
    this.#lines = this.#lines.slice(this.#underWay);
    this.#underWay = 0;
  }

  /** Nothing is known of the batch under way; the next take gives the same lines first. */
  failed(): void {
    this.#underWay = 0;
  }
}
