// One writer per process: while one batch commits, the next gathers. So the cost of a commit is shared by all who wait,
// and a hot row has one writer instead of a crowd. Operations that nobody waits for may also wait for company; one that
// somebody waits for takes all of them along.
//
// An operation is waiting -> in a batch -> answered, or back to waiting when the batch failed; a waiting one whose
// deadline passes is dropped. One in a batch may still be carried out after its asker was told that nobody knows.
import { WaybillError } from "@waybill/domain";

export interface GroupCommitOptions<Operation, Answer> {
  /** Carries out a batch, all or nothing, and answers in the same order. Called again with the same when it fails. */
  commit(operations: readonly Operation[]): Promise<readonly Answer[]>;
  /** How long an operation may wait for company before a batch begins; 0: not at all. */
  patienceMs(operation: Operation): number;
  /** True for a failure that comes from what was asked, so that trying again cannot help. */
  isHopeless(error: unknown): boolean;
  /** The most operations in one batch. */
  batchMax: number;
  /** The most that wait; beyond it an operation is refused at once. */
  waitingMax: number;
  /** Pause after a batch that failed. */
  retryMs: number;
  onCommitted?(operations: number, durationMs: number): void;
  onFailed?(error: unknown): void;
}

interface Waiting<Operation, Answer> {
  operation: Operation;
  answer(answer: Answer): void;
  fail(error: unknown): void;
  gone: boolean;
  timer: NodeJS.Timeout | undefined;
}

export class GroupCommit<Operation, Answer> {
  readonly #options: GroupCommitOptions<Operation, Answer>;
  #waiting: Waiting<Operation, Answer>[] = [];
  /** When the next batch has to begin, on the monotonic clock. */
  #dueAtMs = Number.POSITIVE_INFINITY;
  /** Ends the wait for company. */
  #hurry: () => void = () => {};
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: GroupCommitOptions<Operation, Answer>) {
    this.#options = options;
  }

  /** How many wait for the next batch. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Answers after the commit. Rejects with budget_unavailable when the deadline passes, when too many wait or when
   * stopped; with whatever made the operation hopeless otherwise. Without a deadline it waits until it is done.
   */
  submit(operation: Operation, deadlineMs?: number): Promise<Answer> {
    if (this.#stopped) return Promise.reject(unavailable("the writer is stopped"));
    if (this.#waiting.length >= this.#options.waitingMax) return Promise.reject(unavailable("too many wait"));
    return new Promise((resolve, reject) => {
      const one: Waiting<Operation, Answer> = {
        operation,
        gone: false,
        timer: undefined,
        answer(answer) {
          clearTimeout(one.timer);
          resolve(answer);
        },
        fail(error) {
          clearTimeout(one.timer);
          one.gone = true;
          reject(error);
        },
      };
      if (deadlineMs !== undefined) {
        one.timer = setTimeout(() => one.fail(unavailable(`not decided within ${deadlineMs} ms`)), deadlineMs);
      }
      this.#waiting.push(one);
      const dueAtMs = performance.now() + this.#options.patienceMs(operation);
      const isSooner = dueAtMs < this.#dueAtMs;
      if (isSooner) this.#dueAtMs = dueAtMs;
      if (isSooner || this.#waiting.length >= this.#options.batchMax) this.#hurry();
      this.#running ??= this.#run();
    });
  }

  /** Takes nothing new, finishes what waits within `limitMs`, and refuses the rest. */
  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    this.#hurry();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#running, late]);
    clearTimeout(timer);
    for (const one of this.#waiting) one.fail(unavailable("the writer is stopped"));
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the event loop belongs into the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      await this.#company();
      const batch = this.#waiting.splice(0, this.#options.batchMax).filter(({ gone }) => !gone);
      if (this.#waiting.length === 0) this.#dueAtMs = Number.POSITIVE_INFINITY;
      if (batch.length > 0) await this.#commitBatch(batch);
    }
    this.#running = undefined;
  }

  /** Waits until the next batch is due, full, or the last. */
  async #company(): Promise<void> {
    for (;;) {
      const leftMs = this.#dueAtMs - performance.now();
      if (leftMs <= 0 || this.#stopped || this.#waiting.length >= this.#options.batchMax) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async #commitBatch(batch: Waiting<Operation, Answer>[]): Promise<void> {
    const startedAtMs = performance.now();
    try {
      const answers = await this.#options.commit(batch.map(({ operation }) => operation));
      this.#options.onCommitted?.(batch.length, performance.now() - startedAtMs);
      for (const [index, one] of batch.entries()) one.answer(answers[index] as Answer);
    } catch (error) {
      await this.#afterFailure(batch, error);
    }
  }

  /** One hopeless operation must not stop the others: halves of the batch are tried until it stands alone. */
  async #afterFailure(batch: Waiting<Operation, Answer>[], error: unknown): Promise<void> {
    this.#options.onFailed?.(error);
    const [first, ...others] = batch;
    if (!this.#options.isHopeless(error)) {
      this.#waiting = [...batch, ...this.#waiting];
      this.#dueAtMs = 0;
      await new Promise((resolve) => setTimeout(resolve, this.#options.retryMs));
    } else if (first && others.length === 0) {
      first.fail(error);
    } else {
      const middle = Math.ceil(batch.length / 2);
      await this.#commitBatch(batch.slice(0, middle));
      await this.#commitBatch(batch.slice(middle));
    }
  }
}

function unavailable(detail: string): WaybillError {
  return new WaybillError("budget_unavailable", { detail });
}
