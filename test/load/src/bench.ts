// One run's parts, and how a job is run on them: CPU seconds before and after, until Waybill has booked everything.

import type { Job, JobResult, Target } from "./generator/jobs.ts";
import type { LoadGenerator } from "./generator/start-generator.ts";
import type { BenchOptions } from "./options.ts";
import type { PortkeyProcess } from "./parts/portkey.ts";
import { cpuSeconds, type Part } from "./parts/process-usage.ts";
import type { ProviderProcess } from "./parts/scripted-provider.ts";
import type { RunningWaybill } from "./parts/waybill.ts";

export interface Bench {
  readonly options: BenchOptions;
  readonly generator: LoadGenerator;
  readonly provider: ProviderProcess;
  readonly waybill: RunningWaybill;
  readonly portkey: PortkeyProcess;
  /** Another provider of Waybill's, for clients that must not wait behind a burden. */
  readonly quietProvider: ProviderProcess;
  /** Calls that reached the provider through Waybill, for the books. */
  providerCalls: number;
}

export interface Measured {
  readonly result: JobResult;
  /** By part: those of the target, and the two helpers that every target needs. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Waybill: from the last answer until every record was read by ledger and budget. */
  readonly settleSeconds: number;
}

export const HELPERS = ["load generator", "scripted provider"] as const;

/** Direct first: what the others add is added to it. */
export function targetsOf({ provider, waybill, portkey }: Bench): readonly Target[] {
  return [provider.target, waybill.target, portkey.target];
}

/** The processes that a target's requests pay for. */
export function partsOf(bench: Bench, name: Target["name"]): readonly Part[] {
  if (name === "waybill") return bench.waybill.parts;
  return name === "portkey" ? [{ name: "portkey", pids: async () => [bench.portkey.pid] }] : [];
}

/** Runs a job. The books' settling counts into the CPU seconds: work put off is work. */
export async function measure(bench: Bench, job: Job): Promise<Measured> {
  const isWaybill = job.target.name === "waybill";
  const parts = [...partsOf(bench, job.target.name), ...helperParts(bench)];
  const callsBefore = (await bench.provider.summary()).calls;
  const before = await readCpu(parts);
  const result = await bench.generator.run(job);
  const settleSeconds = isWaybill ? await bench.waybill.settled() : 0;
  const after = await readCpu(parts);
  if (isWaybill) bench.providerCalls += (await bench.provider.summary()).calls - callsBefore;
  const spent = Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]);
  return { result, cpuSeconds: Object.fromEntries(spent), settleSeconds };
}

function helperParts({ generator, provider }: Bench): Part[] {
  const [generatorName, providerName] = HELPERS;
  return [
    { name: generatorName, pids: async () => [generator.pid] },
    { name: providerName, pids: async () => [provider.pid] },
  ];
}

async function readCpu(parts: readonly Part[]): Promise<Record<string, number>> {
  const entries: [string, number][] = [];
  for (const part of parts) entries.push([part.name, await cpuSeconds(part)]);
  return Object.fromEntries(entries);
}
