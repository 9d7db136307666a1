// How much each target carries, and what a request costs in CPU time: closed loop, plain answers, a provider that answers
// at once. Warm-up first: nobody's first requests are representative.

import { type Bench, HELPERS, type Measured, measure, targetsOf } from "../bench.ts";
import type { ClosedLoopJob, Target } from "../generator/jobs.ts";
import { type Percentiles, percentiles } from "../percentiles.ts";
import { failures, interleave, sum } from "./interleave.ts";

export interface Saturation {
  readonly target: Target["name"];
  readonly requests: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly requestsPerSecond: number;
  readonly latencyMs: Percentiles;
  /** By part, and of all parts together; without the helpers, which every target needs alike. */
  readonly cpuSecondsPer1000: Readonly<Record<string, number>>;
  readonly cpuSecondsPer1000Total: number;
  readonly helpersCpuSecondsPer1000: number;
  /** The longest time after a round until everything was booked. */
  readonly settleSecondsMax: number;
}

export const PLAIN = { stream: false, bodyBytes: 1_024, maxTokens: 256 } as const;
export const PLAIN_SCRIPT = { inputTokens: 250, outputTokens: 150, text: "An answer of some length. ".repeat(24) };
/** Node compiles what runs often: after some thousand requests a request costs a fifth of what the first hundred cost. */
const WARM_UP_REQUESTS = 20_000;
const REQUESTS_MAX = 200_000;

export function saturationJob(bench: Bench, target: Target, seconds: number): ClosedLoopJob {
  const { concurrency } = bench.options;
  return { kind: "closed-loop", target, seconds, concurrency, requestsMax: REQUESTS_MAX, ...PLAIN };
}

export async function warmUp(bench: Bench): Promise<void> {
  await bench.provider.script(PLAIN_SCRIPT);
  for (const target of targetsOf(bench)) {
    const job = saturationJob(bench, target, bench.options.warmUpSecondsMax);
    await measure(bench, { ...job, requestsMax: WARM_UP_REQUESTS });
  }
}

export async function saturate(bench: Bench): Promise<Saturation[]> {
  const { rounds, seconds } = bench.options;
  await bench.provider.script(PLAIN_SCRIPT);
  const measured = await interleave(bench, rounds.saturation, (target) => saturationJob(bench, target, seconds));
  return targetsOf(bench).map(({ name }) => summarise(name, measured[name]));
}

function summarise(target: Target["name"], rounds: readonly Measured[]): Saturation {
  const requests = sum(rounds.map(({ result }) => result.completed));
  const per1000 = (part: string): number =>
    (sum(rounds.map((round) => round.cpuSeconds[part] ?? 0)) * 1_000) / requests;
  const helpers: readonly string[] = HELPERS;
  const parts = Object.keys(rounds[0]?.cpuSeconds ?? {}).filter((part) => !helpers.includes(part));
  const cpuSecondsPer1000 = Object.fromEntries(parts.map((part) => [part, per1000(part)]));
  return {
    target,
    requests,
    failed: failures(rounds),
    requestsPerSecond: requests / sum(rounds.map(({ result }) => result.seconds)),
    latencyMs: percentiles(rounds.map(({ result }) => result.latencyMs)),
    cpuSecondsPer1000,
    cpuSecondsPer1000Total: sum(Object.values(cpuSecondsPer1000)),
    helpersCpuSecondsPer1000: sum(helpers.map(per1000)),
    settleSecondsMax: Math.max(...rounds.map(({ settleSeconds }) => settleSeconds)),
  };
}
