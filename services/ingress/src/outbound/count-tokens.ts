// Exact token counts off the event loop: 100 KB of text take tens of milliseconds. Asked only where money is short, so the thread and its
// tables, some 70 MB, are there only while they are needed.
import { Worker } from "node:worker_threads";
import type { ServiceScope } from "@waybill/service";
import type { CountTokens } from "../ports.ts";
import type { CountJob, CountResult } from "./count-tokens-thread.ts";

/** Waiting at once; beyond it nothing is counted. */
const JOBS_MAX = 64;
/** UTF-16 units of one request; more is not counted. */
const UNITS_MAX = 8 * 1024 * 1024;
const TIMEOUT_MS = 5_000;
const IDLE_MS = 60_000;

/** For as long as the service runs. */
export function countTokensFor({ log, onStop }: Pick<ServiceScope, "log" | "onStop">): CountTokens {
  const counter = makeTokenCounter((detail) => log.warn({ detail }, "tokens could not be counted"));
  onStop("token counter", () => counter.stop());
  return counter.count;
}

interface TokenCounter {
  /** Undefined: it could not be counted, or not in time. */
  readonly count: CountTokens;
  stop(): Promise<void>;
}

export function makeTokenCounter(onProblem: (detail: string) => void): TokenCounter {
  const waiting = new Map<number, (tokens: number | undefined) => void>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 1;

  const end = async (): Promise<void> => {
    const ended = worker;
    worker = undefined;
    clearTimeout(idle);
    for (const resolve of waiting.values()) resolve(undefined);
    waiting.clear();
    await ended?.terminate();
  };
  const start = (): Worker => {
    const started = new Worker(new URL("./count-tokens-thread.js", import.meta.url));
    started.unref();
    started.on("message", (result: CountResult) => {
      if ("problem" in result) onProblem(result.problem);
      waiting.get(result.id)?.("tokens" in result ? result.tokens : undefined);
    });
    const gone = (detail: string): void => {
      if (worker !== started) return;
      onProblem(detail);
      void end();
    };
    started.on("error", (error) => gone(error.message));
    started.on("exit", (code) => gone(`the thread that counts tokens ended with ${code}`));
    return started;
  };

  return {
    count(tokenizer, texts) {
      const units = texts.reduce((sum, { length }) => sum + length, 0);
      if (waiting.size >= JOBS_MAX || units > UNITS_MAX) return Promise.resolve(undefined);
      worker ??= start();
      clearTimeout(idle);
      const job: CountJob = { id: nextId, tokenizer, texts };
      nextId += 1;
      return new Promise((resolve) => {
        const done = (tokens: number | undefined): void => {
          clearTimeout(timer);
          waiting.delete(job.id);
          if (waiting.size === 0) idle = setTimeout(() => void end(), IDLE_MS).unref();
          resolve(tokens);
        };
        const timer = setTimeout(() => done(undefined), TIMEOUT_MS);
        waiting.set(job.id, done);
        worker?.postMessage(job);
      });
    },
    stop: end,
  };
}
