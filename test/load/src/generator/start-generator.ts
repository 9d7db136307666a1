// The harness's hand on the load generator's process.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Job, JobResult } from "./jobs.ts";

export interface LoadGenerator {
  readonly pid: number;
  /** One job at a time. Rejects when the process ends or the job takes far longer than it should. */
  run(job: Job): Promise<JobResult>;
  stop(): void;
}

interface Message {
  ready?: true;
  result?: JobResult;
  problem?: string;
}

const START_LIMIT_MS = 20_000;
/** Answers may be slow to end after a job's time is up. */
const JOB_GRACE_MS = 60_000;

export async function startGenerator(): Promise<LoadGenerator> {
  const child = fork(fileURLToPath(new URL("main.ts", import.meta.url)), { serialization: "advanced" });
  await nextMessage(child, START_LIMIT_MS);
  const { pid } = child;
  if (pid === undefined) throw new Error("the load generator did not start");
  return {
    pid,
    async run(job) {
      const answer = nextMessage(child, job.seconds * 1_000 + JOB_GRACE_MS);
      child.send(job);
      const { result, problem } = await answer;
      if (result === undefined) throw new Error(`the load generator failed: ${problem}`);
      return result;
    },
    stop() {
      child.kill();
    },
  };
}

function nextMessage(child: ChildProcess, limitMs: number): Promise<Message> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
      act();
    };
    const onMessage = (message: unknown): void => settle(() => resolve(message as Message));
    const onExit = (): void => settle(() => reject(new Error("the load generator ended")));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`no answer of the load generator in ${limitMs} ms`))),
      limitMs,
    );
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}
