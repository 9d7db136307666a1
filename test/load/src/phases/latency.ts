// What Waybill and its peer add to a request's latency at a rate that all carry with ease. Open loop: a request counts from
// the moment it was due, so a target that stalls cannot hide the requests that would have come meanwhile.

import { type Bench, targetsOf } from "../bench.ts";
import type { Target } from "../generator/jobs.ts";
import { added, type Percentiles, percentiles } from "../percentiles.ts";
import { failures, interleave, sum } from "./interleave.ts";
import { PLAIN, PLAIN_SCRIPT, type Saturation } from "./saturation.ts";

export interface Latency {
  readonly target: Target["name"];
  readonly providerLatencyMs: number;
  readonly ratePerSecond: number;
  readonly requests: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly latencyMs: Percentiles;
  /** Difference of percentiles to the provider called directly. */
  readonly addedMs: Percentiles;
  /** How late the load generator itself was. */
  readonly sendDelayMs: Percentiles;
}

const PROVIDER_LATENCIES_MS = [0, 60];
/** Of what the slowest target carries: queueing begins well above. */
const SHARE_OF_SATURATION = 0.3;
const RATE_MIN = 20;

export function chooseRate(saturation: readonly Saturation[]): number {
  const slowest = Math.min(...saturation.map(({ requestsPerSecond }) => requestsPerSecond));
  return Math.max(RATE_MIN, Math.floor((slowest * SHARE_OF_SATURATION) / 10) * 10);
}

export async function measureLatency(bench: Bench, ratePerSecond: number): Promise<Latency[]> {
  const { rounds, seconds } = bench.options;
  const rows: Latency[] = [];
  for (const providerLatencyMs of PROVIDER_LATENCIES_MS) {
    await bench.provider.script({ ...PLAIN_SCRIPT, latencyMs: providerLatencyMs });
    const measured = await interleave(bench, rounds.latency, (target) => ({
      kind: "open-loop",
      target,
      seconds,
      ratePerSecond,
      ...PLAIN,
    }));
    const of = (name: Target["name"]): Percentiles => percentiles(measured[name].map(({ result }) => result.latencyMs));
    for (const { name } of targetsOf(bench)) {
      const results = measured[name].map(({ result }) => result);
      rows.push({
        target: name,
        providerLatencyMs,
        ratePerSecond,
        requests: sum(results.map(({ completed }) => completed)),
        failed: failures(measured[name]),
        latencyMs: of(name),
        addedMs: added(of(name), of("direct")),
        sendDelayMs: percentiles(results.map(({ sendDelayMs }) => sendDelayMs)),
      });
    }
  }
  return rows;
}
