// Sends one request with undici and follows the answer: status, first token, the delay of every stamped chunk, the end.

import type { Pool } from "undici";
import { StampReader } from "./stamp-reader.ts";
import type { Tally } from "./tally.ts";

export interface OutgoingRequest {
  readonly pool: Pool;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly stream: boolean;
}

const HEAD_BYTES_MAX = 300;
const DONE = Buffer.from("[DONE]");

/** Resolves when the answer is over, however it ended; never rejects. `dueMs` is where its latency counts from. */
export function sendRequest(request: OutgoingRequest, dueMs: number, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const { pool, headers, body, stream } = request;
    const sentMs = performance.now();
    const stamps = stream ? new StampReader() : undefined;
    let status = 0;
    let head = "";
    let tail: Buffer = Buffer.alloc(0);
    const end = (problem: string | undefined): void => {
      if (stream && status === 200) tally.streamEnded();
      if (problem === undefined) tally.completed(performance.now() - dueMs);
      else tally.failed(problem);
      resolve();
    };
    pool.dispatch(
      { path: "/v1/chat/completions", method: "POST", headers: [...headers], body },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
          if (stream && status === 200) tally.streamBegan();
        },
        onResponseData(_controller, chunk) {
          if (status !== 200) {
            if (head.length < HEAD_BYTES_MAX) head += chunk.toString("latin1");
            return;
          }
          tail = chunk;
          if (stamps !== undefined) takeStamps(stamps, chunk, sentMs, tally);
        },
        onResponseEnd() {
          if (status !== 200) end(`status ${status}: ${head.slice(0, HEAD_BYTES_MAX)}`);
          else if (stream && !tail.includes(DONE)) end("the stream ended without [DONE]");
          else end(undefined);
        },
        onResponseError(_controller, error) {
          end(error.message);
        },
      },
    );
  });
}

function takeStamps(stamps: StampReader, chunk: Buffer, sentMs: number, tally: Tally): void {
  const receivedNs = process.hrtime.bigint();
  for (const { sentNs, content } of stamps.read(chunk)) {
    if (content === 1) tally.firstToken(performance.now() - sentMs);
    else if (content > 1) tally.chunkDelay(Number(receivedNs - sentNs) / 1e6);
  }
}
