// What a worker does at regular times, for all its attempts at once: watch deadlines, keep messages, listen for silence, empty
// the spool.
import type { Clock } from "@waybill/domain";
import type { Log } from "@waybill/service";
import type { OpenAttempts } from "../core/open-attempts.ts";
import type { Spool } from "../outbound/spool.ts";
import type { UsageOutbox } from "../outbound/usage-outbox.ts";

/** How late a timeout may be noticed. */
const SWEEP_EVERY_MS = 50;
const SILENCE_EVERY_MS = 500;
const SPOOL_EVERY_MS = 1_000;
const ADOPT_EVERY_MS = 15_000;

export interface RoundsOptions {
  open: OpenAttempts;
  spool: Spool;
  outbox: UsageOutbox;
  clock: Clock;
  log: Log;
  ingressSilentMs: number;
  isUp(): boolean;
  heardAtMs(ingressId: string): number;
  onAdopted(): void;
}

export function startRounds(options: RoundsOptions): { stop(): void } {
  const { open, clock, outbox, spool } = options;
  const timers = [
    setInterval(() => open.sweep(clock.monotonicMs()), SWEEP_EVERY_MS),
    setInterval(silenceRound(options), SILENCE_EVERY_MS),
    setInterval(() => {
      if (!spool.isEmpty) void outbox.drain().then(options.onAdopted);
    }, SPOOL_EVERY_MS),
    setInterval(() => void adopt(options), ADOPT_EVERY_MS),
  ];
  void adopt(options);
  return {
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** Counts silence only while this worker could have heard something: connected, and awake. */
function silenceRound({ open, clock, ingressSilentMs, isUp, heardAtMs }: RoundsOptions): () => void {
  let listeningSinceMs = clock.monotonicMs();
  let lastRoundAtMs = listeningSinceMs;
  return () => {
    const nowMs = clock.monotonicMs();
    const wasAsleep = nowMs - lastRoundAtMs > 2 * SILENCE_EVERY_MS;
    lastRoundAtMs = nowMs;
    if (!isUp() || wasAsleep) listeningSinceMs = nowMs;
    open.cancelSilent(nowMs, ingressSilentMs, (ingressId) => Math.max(listeningSinceMs, heardAtMs(ingressId)));
  };
}

async function adopt({ spool, outbox, log, onAdopted }: RoundsOptions): Promise<void> {
  try {
    const records = await spool.adopt();
    if (records === 0) return;
    log.warn({ records }, "took over unsent usage records of a worker that is gone");
    await outbox.drain();
    onAdopted();
  } catch (error) {
    log.error({ err: error }, "the spool folder cannot be searched");
  }
}
