// Memory while a thousand streams are open at once, each with a slow trickle of chunks.

import { type Bench, measure, partsOf } from "../bench.ts";
import type { Target } from "../generator/jobs.ts";
import { STREAM_SHAPE } from "./streaming.ts";
import { type RssMib, watchMemory } from "./watch-memory.ts";

export interface StandingStreams {
  readonly target: Target["name"];
  readonly openMax: number;
  readonly failed: Readonly<Record<string, number>>;
  /** MiB by part: before, and the highest seen while the streams were open. */
  readonly rssMib: RssMib;
}

const STREAMS = 1_000;
const OPENED_OVER_MS = 4_000;
/** Long enough that the first still runs when the last has begun, on a slow machine too. */
const CHUNKS = 24;
const GAP_MS = 500;

export async function holdStreams(bench: Bench, target: Target): Promise<StandingStreams> {
  await bench.provider.script({ inputTokens: 250, outputTokens: CHUNKS, chunks: CHUNKS, gapMs: GAP_MS });
  const [{ result }, rssMib] = await watchMemory(partsOf(bench, target.name), () =>
    measure(bench, {
      kind: "streams",
      target,
      // All of them have begun by then; every lane has one stream only.
      seconds: (OPENED_OVER_MS + CHUNKS * GAP_MS) / 1_000,
      streams: STREAMS,
      spreadMs: OPENED_OVER_MS,
      once: true,
      ...STREAM_SHAPE,
    }),
  );
  return { target: target.name, openMax: result.openMax, failed: result.failed, rssMib };
}
