// Rounds in which every target has its turn, so that a change of the machine's mood falls on all of them.

import { type Bench, type Measured, measure, targetsOf } from "../bench.ts";
import type { Job, Target } from "../generator/jobs.ts";

export type Rounds = Readonly<Record<Target["name"], readonly Measured[]>>;

export async function interleave(bench: Bench, rounds: number, jobOf: (target: Target) => Job): Promise<Rounds> {
  const measured: Record<Target["name"], Measured[]> = { direct: [], waybill: [], portkey: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targetsOf(bench)) measured[target.name].push(await measure(bench, jobOf(target)));
  }
  return measured;
}

/** Failures of all rounds by kind. */
export function failures(rounds: readonly Measured[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { result } of rounds) {
    for (const [problem, count] of Object.entries(result.failed)) sums[problem] = (sums[problem] ?? 0) + count;
  }
  return sums;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
