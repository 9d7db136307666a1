// The kinds of load: closed loop, open loop, streams, and clients that are a burden.

import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { type OutgoingRequest, sendRequest } from "./answer.ts";
import { burden } from "./burden.ts";
import type { ClosedLoopJob, Job, JobResult, OpenLoopJob, StreamsJob } from "./jobs.ts";
import { requestBody } from "./request-body.ts";
import { Tally } from "./tally.ts";

/** A target that cannot keep up is noticed by its latency long before this many requests wait in the generator. */
const OPEN_LOOP_CONNECTIONS_MAX = 1_024;
const ANSWER_TIMEOUT_MS = 30_000;

export async function runJob(job: Job): Promise<JobResult> {
  const connections = connectionsOf(job);
  const pool = new Pool(job.target.origin, {
    connections,
    pipelining: 1,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  const headers = Object.entries({ "content-type": "application/json", ...job.target.headers }).flat();
  const request = { pool, headers, body: requestBody(job.target.model, job), stream: job.stream };
  const tally = new Tally();
  try {
    if (job.kind === "closed-loop") await closedLoop(job, request, tally);
    else if (job.kind === "open-loop") await openLoop(job, request, tally);
    else if (job.kind === "streams") await streams(job, request, tally);
    else await burden(job, request, tally);
  } finally {
    await pool.destroy();
  }
  return tally.result();
}

function connectionsOf(job: Job): number {
  if (job.kind === "closed-loop") return job.concurrency;
  if (job.kind === "streams") return job.streams;
  return job.kind === "open-loop" ? OPEN_LOOP_CONNECTIONS_MAX : job.clients;
}

async function closedLoop(job: ClosedLoopJob, request: OutgoingRequest, tally: Tally): Promise<void> {
  const endMs = performance.now() + job.seconds * 1_000;
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < endMs && begun < job.requestsMax) {
      begun += 1;
      await sendRequest(request, performance.now(), tally);
    }
  };
  await Promise.all(Array.from({ length: job.concurrency }, lane));
}

/** Due times are fixed before the first request; one that is late is sent at once and keeps its due time. */
async function openLoop(job: OpenLoopJob, request: OutgoingRequest, tally: Tally): Promise<void> {
  const startMs = performance.now();
  const count = Math.floor(job.ratePerSecond * job.seconds);
  const intervalMs = 1_000 / job.ratePerSecond;
  const running = new Set<Promise<void>>();
  for (let index = 0; index < count; index += 1) {
    const dueMs = startMs + index * intervalMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    tally.sendDelay(Math.max(0, performance.now() - dueMs));
    const answer = sendRequest(request, dueMs, tally);
    running.add(answer);
    void answer.then(() => running.delete(answer));
  }
  await Promise.all(running);
}

async function streams(job: StreamsJob, request: OutgoingRequest, tally: Tally): Promise<void> {
  const endMs = performance.now() + job.seconds * 1_000;
  const lane = async (_: unknown, index: number): Promise<void> => {
    await sleep((index * job.spreadMs) / job.streams);
    do await sendRequest(request, performance.now(), tally);
    while (!job.once && performance.now() < endMs);
  };
  await Promise.all(Array.from({ length: job.streams }, lane));
}
