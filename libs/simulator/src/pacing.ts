// Waiting and writing that stop when the client leaves; each says whether the client is still there.

import type { ServerResponse } from "node:http";

export function waitOrGone(response: ServerResponse, ms: number): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      response.off("close", gone);
      resolve(true);
    }, ms);
    response.once("close", gone);
  });
}

/** Waits for a slow reader, so that a stream holds no more than one write in memory. */
export function writeOrGone(response: ServerResponse, text: string): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  if (response.write(text)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const drained = () => {
      response.off("close", gone);
      resolve(true);
    };
    const gone = () => {
      response.off("drain", drained);
      resolve(false);
    };
    response.once("drain", drained);
    response.once("close", gone);
  });
}
