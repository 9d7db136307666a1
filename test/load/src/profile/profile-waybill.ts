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
const PACKAGES_SHOWN = 10;
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
  const { result } = await measure(bench, job);
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
    lines.push(...describe(name, selfTime(JSON.parse(text) as CpuProfile), result.completed));
  }
  return lines.join("\n");
}

function describe(service: string, found: SelfTime, requests: number): string[] {
  const perRequest = (milliseconds: number): string =>
    `${((milliseconds * 1_000) / requests).toFixed(1)} µs`.padStart(9);
  const line = ({ name, milliseconds, percent }: SelfTime["functions"][number]): string =>
    `    ${percent.toFixed(1).padStart(5)} % ${perRequest(milliseconds)}  ${name}`;
  return [
    `  ${service}: busy ${found.busyMilliseconds.toFixed(0)} ms, ${perRequest(found.busyMilliseconds).trim()} per request`,
    "   by package",
    ...found.packages.slice(0, PACKAGES_SHOWN).map(line),
    "   by function (self time)",
    ...found.functions.slice(0, FUNCTIONS_SHOWN).map(line),
  ];
}
