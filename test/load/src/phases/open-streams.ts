// First token and memory with one, a hundred and a thousand streams open at once.

import { type Bench, measure, partsOf } from "../bench.ts";
import type { StreamsJob, Target } from "../generator/jobs.ts";
import { added, type Percentiles, percentiles } from "../percentiles.ts";
import { STREAM_SHAPE } from "./streaming.ts";
import { type RssMib, watchMemory } from "./watch-memory.ts";

export interface OpenStreams {
  readonly openMax: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly firstTokenMs: Percentiles;
  readonly addedFirstTokenMs: Percentiles;
  readonly rssMib: RssMib;
}

const SHARES = [0.001, 0.1, 1];
const OPENED_OVER_MS = 4_000;
/** Long enough that the first still runs when the last has begun. */
const CHUNKS = 16;
const GAP_MS = 500;

export async function measureOpenStreams(bench: Bench): Promise<OpenStreams[]> {
  const script = { inputTokens: 250, outputTokens: CHUNKS, chunks: CHUNKS, gapMs: GAP_MS, stamp: true };
  await bench.provider.script(script);
  const rows: OpenStreams[] = [];
  for (const streams of new Set(SHARES.map((share) => Math.max(1, Math.round(share * bench.options.clients))))) {
    const job = (target: Target): StreamsJob => ({
      ...{ kind: "streams", target, streams, spreadMs: OPENED_OVER_MS, once: true },
      seconds: (OPENED_OVER_MS + CHUNKS * GAP_MS) / 1_000,
      ...STREAM_SHAPE,
    });
    const direct = await measure(bench, job(bench.provider.target));
    const [through, rssMib] = await watchMemory(partsOf(bench, "waybill"), () =>
      measure(bench, job(bench.waybill.target)),
    );
    const firstTokenMs = percentiles([through.result.firstTokenMs]);
    rows.push({
      ...{ openMax: through.result.openMax, failed: through.result.failed, firstTokenMs, rssMib },
      addedFirstTokenMs: added(firstTokenMs, percentiles([direct.result.firstTokenMs])),
    });
  }
  return rows;
}
