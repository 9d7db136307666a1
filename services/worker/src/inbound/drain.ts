// How a worker lets go of its calls when it stops: it finishes them within the limit, and past it ends and books them.
import type { Log } from "@waybill/service";
import type { OpenAttempts } from "../core/open-attempts.ts";

const LOOK_EVERY_MS = 20;
/** For aborting calls and securing their records once the limit is over. */
const ABORT_WITHIN_MS = 3_000;

export async function drainWorker({
  open,
  limitMs,
  log,
}: {
  open: OpenAttempts;
  limitMs: number;
  log: Log;
}): Promise<void> {
  await emptyWithin(open, limitMs);
  if (open.carrying === 0) return;
  log.warn({ calls: open.carrying }, "the drain limit is over; the remaining calls are ended");
  open.cancelAll("draining");
  await emptyWithin(open, ABORT_WITHIN_MS);
}

async function emptyWithin(open: OpenAttempts, limitMs: number): Promise<void> {
  const endsAtMs = performance.now() + limitMs;
  while (open.carrying > 0 && performance.now() < endsAtMs) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
