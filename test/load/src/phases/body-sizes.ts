// What a request of 1 to 400 KB costs, plain and streamed: latency added to the provider called directly in the same run, and CPU.

import { type Bench, HELPERS, type Measured, measure } from "../bench.ts";
import type { Target } from "../generator/jobs.ts";
import { added, type Percentiles, percentiles } from "../percentiles.ts";
import { failures, sum } from "./interleave.ts";
import { PLAIN_SCRIPT } from "./saturation.ts";

export interface BodySize {
  readonly bodyKb: number;
  readonly stream: boolean;
  readonly requests: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly latencyMs: Percentiles;
  /** Difference of percentiles to the provider called directly. */
  readonly addedMs: Percentiles;
  /** Of all parts of Waybill together. */
  readonly cpuMsPerRequest: number;
}

const BODIES_KB = [1, 10, 100, 400] as const;
const KB = 1_000;
/** 400 KB at this rate are 16 MB a second: far from what the loopback carries. */
const RATE_PER_SECOND = 40;
const CHUNKS = 20;
const MAX_TOKENS = 256;

export async function measureBodySizes(bench: Bench): Promise<BodySize[]> {
  const { seconds, rounds, ratePerSecond = RATE_PER_SECOND } = bench.options;
  const rows: BodySize[] = [];
  for (const stream of [false, true]) {
    await bench.provider.script({ ...PLAIN_SCRIPT, ...(stream && { chunks: CHUNKS, stamp: true }) });
    for (const bodyKb of BODIES_KB) {
      const job = (target: Target) =>
        ({
          kind: "open-loop",
          target,
          seconds,
          ratePerSecond,
          stream,
          bodyBytes: bodyKb * KB,
          maxTokens: MAX_TOKENS,
        }) as const;
      const direct: Measured[] = [];
      const through: Measured[] = [];
      for (let round = 0; round < rounds.latency; round += 1) {
        direct.push(await measure(bench, job(bench.provider.target)));
        through.push(await measure(bench, job(bench.waybill.target)));
      }
      rows.push(summarise(bodyKb, stream, direct, through));
    }
  }
  return rows;
}

function summarise(bodyKb: number, stream: boolean, direct: Measured[], through: Measured[]): BodySize {
  const of = (rounds: readonly Measured[]): Percentiles => percentiles(rounds.map(({ result }) => result.latencyMs));
  const requests = sum(through.map(({ result }) => result.completed));
  const helpers: readonly string[] = HELPERS;
  const cpu = through.flatMap(({ cpuSeconds }) =>
    Object.entries(cpuSeconds).filter(([part]) => !helpers.includes(part)),
  );
  return {
    ...{ bodyKb, stream, requests, failed: failures([...direct, ...through]), latencyMs: of(through) },
    addedMs: added(of(through), of(direct)),
    cpuMsPerRequest: (sum(cpu.map(([, seconds]) => seconds)) * 1_000) / requests,
  };
}
