// Clients that are a burden: who does not read what was asked for, and who leaves in the middle of it.

import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { OutgoingRequest } from "./answer.ts";
import { type BurdenJob, STAY_MS } from "./jobs.ts";
import type { Tally } from "./tally.ts";

const BEGUN_OVER_MS = 4_000;
const LEAVE_WITHIN_MS = 1_000;
const POLL_MS = 20;

/** One stream of one such client. */
interface Stream {
  /** Undefined: it has not begun. */
  controller: Dispatcher.DispatchController | undefined;
  isOver: boolean;
}

/** A stream that ends whole counts as completed, one that is cut as failed; one that its client has left as neither. */
export async function burden(job: BurdenJob, request: OutgoingRequest, tally: Tally): Promise<void> {
  const endMs = performance.now() + job.seconds * 1_000;
  const streams = Array.from({ length: job.clients }, (): Stream => ({ controller: undefined, isOver: false }));
  const isSlow = job.kind === "slow-readers";
  for (const [index, stream] of streams.entries()) {
    if (index % 10 === 0) await sleep((10 * BEGUN_OVER_MS) / job.clients);
    begin(request, stream, isSlow, tally);
  }
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone() && performance.now() < endMs) await sleep(POLL_MS);
  };
  await until(() => streams.every(({ controller, isOver }) => controller !== undefined || isOver));
  if (job.kind !== "disconnects") {
    tally.burdenBegins();
    await until(() => streams.every(({ isOver }) => isOver));
    for (const { controller } of streams) controller?.resume();
    const graceMs = performance.now() + job.seconds * 1_000;
    while (streams.some(({ isOver }) => !isOver) && performance.now() < graceMs) await sleep(POLL_MS);
    return;
  }
  await sleep(STAY_MS);
  tally.burdenBegins();
  const left = new Error("the client has left");
  for (const [index, { controller, isOver }] of streams.entries()) {
    if (index % 50 === 0) await sleep((50 * LEAVE_WITHIN_MS) / job.clients);
    if (!isOver) controller?.abort(left);
  }
}

function begin({ pool, headers, body }: OutgoingRequest, stream: Stream, isSlow: boolean, tally: Tally): void {
  const startedMs = performance.now();
  let status = 0;
  let tail = "";
  const end = (problem: string | undefined): void => {
    stream.isOver = true;
    if (status === 200) tally.streamEnded();
    if (problem === undefined) tally.completed(performance.now() - startedMs);
    else if (problem !== "the client has left") tally.failed(problem);
  };
  pool.dispatch(
    { path: "/v1/chat/completions", method: "POST", headers: [...headers], body },
    {
      onRequestStart() {},
      onResponseStart(controller, statusCode) {
        status = statusCode;
        if (status === 200) tally.streamBegan();
        stream.controller = controller;
        if (isSlow && status === 200) controller.pause();
      },
      onResponseData(_controller, chunk) {
        tail = chunk.toString("latin1").slice(-300);
      },
      onResponseEnd() {
        if (status !== 200) end(`status ${status}: ${tail}`);
        else end(tail.includes("[DONE]") ? undefined : "the stream was cut, and said so");
      },
      onResponseError(_controller, error) {
        end(error.message);
      },
    },
  );
}
