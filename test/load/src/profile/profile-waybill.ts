// --profile: loads Waybill alone and shows where each service's CPU time goes, for plain answers and for streams.

import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@waybill/testing";
import { type Bench, measure } from "../bench.ts";
import type { Job } from "../generator/jobs.ts";
import { serviceNames } from "../parts/waybill.ts";
import { PLAIN_SCRIPT, saturationJob } from "../phases/saturation.ts";
import { prepareStreams, streamsJob } from "../phases/streaming.ts";
import { type CpuProfile, type SelfTime, selfTime } from "./self-time.ts";

const WRITE_LIMIT_MS = 20_000;
const PACKAGES_SHOWN = 16;
const OWN_SHOWN = 40;
const FUNCTIONS_SHOWN = 20;

/** What services are started with, so that a signal can start and stop their profile. */
export function profilingNodeOptions(folder: string): string {
  const module = new URL("profile-on-signal.mjs", import.meta.url);
  module.searchParams.set("folder", folder);
  return `--import ${module.href}`;
}

/** The text of the report; `folder` is where the processes leave their profiles meanwhile. */
export async function profileWaybill(bench: Bench, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { target } = bench.waybill;
  const { seconds } = bench.options;
  await bench.provider.script(PLAIN_SCRIPT);
  const plain = await profileLoad(bench, folder, "plain answers", saturationJob(bench, target, seconds));
  await prepareStreams(bench);
  const streams = await profileLoad(bench, folder, "streams", streamsJob(target, seconds));
  return `${plain}\n${streams}`;
}

async function profileLoad(bench: Bench, folder: string, title: string, job: Job): Promise<string> {
  const services = serviceNames.flatMap((name) => bench.waybill.stack.of(name));
  const signal = (): void => {
    for (const { pid } of services) process.kill(pid, "SIGUSR2");
  };
  signal();
  const { result, cpuSeconds } = await measure(bench, job);
  signal();
  const lines = [
    `${title}: ${result.completed} requests, ${(result.completed / result.seconds).toFixed(0)} per second`,
  ];
  for (const { name, pid } of services) {
    const file = join(folder, `${pid}.cpuprofile`);
    let text = "";
    await eventually(
      async () => {
        text = await readFile(file, "utf8").catch(() => "");
        return text !== "";
      },
      { timeoutMs: WRITE_LIMIT_MS, reason: `${name} has written its profile` },
    );
    await rm(file);
    const microseconds = ((cpuSeconds[name] ?? 0) * 1e6) / result.completed;
    lines.push(...describe(name, selfTime(JSON.parse(text) as CpuProfile), microseconds));
  }
  const nats = ((cpuSeconds.nats ?? 0) * 1e6) / result.completed;
  const postgres = ((cpuSeconds.postgres ?? 0) * 1e6) / result.completed;
  lines.push(`  nats: ${nats.toFixed(0)} µs, postgres: ${postgres.toFixed(0)} µs of CPU per request`);
  return lines.join("\n");
}

/**
 * A profile's samples are spread over the time the process was not idle, which on a busy machine is more than it worked;
 * so the shares come from the profile and their sum from the kernel's count of CPU seconds.
 */
function describe(service: string, found: SelfTime, cpuMicroseconds: number): string[] {
  const line = ({ name, percent }: SelfTime["functions"][number]): string => {
    const microseconds = ((percent / 100) * cpuMicroseconds).toFixed(1);
    return `    ${percent.toFixed(1).padStart(5)} % ${microseconds.padStart(7)} µs  ${name}`;
  };
  return [
    `  ${service}: ${cpuMicroseconds.toFixed(0)} µs of CPU per request`,
    "   by package, with all it calls",
    ...found.packages.slice(0, PACKAGES_SHOWN).map(line),
    "   by function of ours, with all it calls",
    ...found.own.slice(0, OWN_SHOWN).map(line),
    "   by function alone",
    ...found.functions.slice(0, FUNCTIONS_SHOWN).map(line),
  ];
}
