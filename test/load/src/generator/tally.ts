// What one job has seen so far.

import { type JobResult, SAMPLES_MAX } from "./jobs.ts";

/** Kinds of failures told apart; further ones count as "other". */
const PROBLEMS_MAX = 20;

export class Tally {
  #completed = 0;
  readonly #failed = new Map<string, number>();
  readonly #latencyMs: number[] = [];
  readonly #begunAtMs: number[] = [];
  #burdenFromMs = 0;
  readonly #sendDelayMs: number[] = [];
  readonly #firstTokenMs: number[] = [];
  readonly #chunkDelayMs: number[] = [];
  #open = 0;
  #openMax = 0;
  readonly #startedMs = performance.now();
  #lastMs = this.#startedMs;

  completed(latencyMs: number): void {
    this.#completed += 1;
    this.#lastMs = performance.now();
    if (this.#latencyMs.length >= SAMPLES_MAX) return;
    this.#latencyMs.push(latencyMs);
    this.#begunAtMs.push(performance.timeOrigin + this.#lastMs - latencyMs);
  }

  /** From now on the clients are the burden that the job is about. */
  burdenBegins(): void {
    this.#burdenFromMs = performance.timeOrigin + performance.now();
  }

  failed(problem: string): void {
    // Ids and ports would make every failure a kind of its own.
    const general = problem.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d{4,}/g, "…");
    const key = this.#failed.has(general) || this.#failed.size < PROBLEMS_MAX ? general : "other";
    this.#failed.set(key, (this.#failed.get(key) ?? 0) + 1);
  }

  sendDelay(ms: number): void {
    keep(this.#sendDelayMs, ms);
  }

  streamBegan(): void {
    this.#open += 1;
    this.#openMax = Math.max(this.#openMax, this.#open);
  }

  streamEnded(): void {
    this.#open -= 1;
  }

  firstToken(ms: number): void {
    keep(this.#firstTokenMs, ms);
  }

  chunkDelay(ms: number): void {
    keep(this.#chunkDelayMs, ms);
  }

  /** Seconds count from the start to the last whole answer. */
  result(): JobResult {
    return {
      completed: this.#completed,
      failed: Object.fromEntries(this.#failed),
      seconds: (this.#lastMs - this.#startedMs) / 1_000,
      latencyMs: Float64Array.from(this.#latencyMs),
      begunAtMs: Float64Array.from(this.#begunAtMs),
      burdenFromMs: this.#burdenFromMs,
      sendDelayMs: Float64Array.from(this.#sendDelayMs),
      firstTokenMs: Float64Array.from(this.#firstTokenMs),
      chunkDelayMs: Float64Array.from(this.#chunkDelayMs),
      openMax: this.#openMax,
    };
  }
}

function keep(samples: number[], value: number): void {
  if (samples.length < SAMPLES_MAX) samples.push(value);
}
