// The journal's lines on their way to the budget service: in order, one batch under way at a time, repeated until it is
// acknowledged, never dropped. A closing stands behind every line of its grant because it is pushed after them, and so does a withdrawal
// behind its attempt.
import type { HoldWithdrawal } from "@waybill/wire";
import type { Closing } from "./grant.ts";

type JournalLine<Attempt> =
  | { kind: "attempt"; attempt: Attempt }
  | { kind: "closing"; closing: Closing }
  | { kind: "withdrawal"; withdrawal: HoldWithdrawal };

export interface JournalBatch<Attempt> {
  attempts: Attempt[];
  closings: Closing[];
  withdrawals: HoldWithdrawal[];
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

  /** Of an exact hold that got no answer and that nobody uses. Always taken: without room no further hold is asked for. */
  pushWithdrawal(withdrawal: HoldWithdrawal): void {
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
