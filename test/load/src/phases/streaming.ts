// What a stream's reader waits longer: for the first token, and for every chunk after it. The provider stamps each chunk
// when it writes it; both clocks are this machine's monotonic one.

import { type Bench, targetsOf } from "../bench.ts";
import type { StreamsJob, Target } from "../generator/jobs.ts";
import { added, type Percentiles, percentiles } from "../percentiles.ts";
import { failures, interleave, sum } from "./interleave.ts";

export interface Streaming {
  readonly target: Target["name"];
  readonly streamsAtOnce: number;
  readonly streams: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly firstTokenMs: Percentiles;
  readonly chunkDelayMs: Percentiles;
  readonly addedFirstTokenMs: Percentiles;
  readonly addedChunkDelayMs: Percentiles;
}

const STREAMS = 50;
const CHUNKS = 50;
const GAP_MS = 20;
const STREAM_SCRIPT = { inputTokens: 250, outputTokens: CHUNKS, chunks: CHUNKS, gapMs: GAP_MS, stamp: true };
export const STREAM_SHAPE = { stream: true, bodyBytes: 1_024, maxTokens: 256 } as const;

export function streamsJob(target: Target, seconds: number): StreamsJob {
  return {
    kind: "streams",
    target,
    seconds,
    streams: STREAMS,
    // One begins every gap, so at any moment they stand evenly spread over their lives.
    spreadMs: STREAMS * GAP_MS,
    once: false,
    ...STREAM_SHAPE,
  };
}

export async function prepareStreams(bench: Bench): Promise<void> {
  await bench.provider.script(STREAM_SCRIPT);
}

export async function measureStreaming(bench: Bench): Promise<Streaming[]> {
  const { rounds, seconds } = bench.options;
  await prepareStreams(bench);
  const measured = await interleave(bench, rounds.streams, (target) => streamsJob(target, seconds));
  const samples = (name: Target["name"], kind: "firstTokenMs" | "chunkDelayMs"): Percentiles =>
    percentiles(measured[name].map(({ result }) => result[kind]));
  return targetsOf(bench).map(({ name }) => ({
    target: name,
    streamsAtOnce: STREAMS,
    streams: sum(measured[name].map(({ result }) => result.completed)),
    failed: failures(measured[name]),
    firstTokenMs: samples(name, "firstTokenMs"),
    chunkDelayMs: samples(name, "chunkDelayMs"),
    addedFirstTokenMs: added(samples(name, "firstTokenMs"), samples("direct", "firstTokenMs")),
    addedChunkDelayMs: added(samples(name, "chunkDelayMs"), samples("direct", "chunkDelayMs")),
  }));
}
