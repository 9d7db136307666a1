// The comparison, phase by phase.

import { join } from "node:path";
import { findNatsServer, natsServerVersion } from "@waybill/local";
import type { Bench } from "./bench.ts";
import { checkBooks } from "./check-books.ts";
import { describeMachine, ROOT } from "./machine.ts";
import { memoryMib } from "./parts/process-usage.ts";
import { chooseRate, measureLatency } from "./phases/latency.ts";
import { saturate } from "./phases/saturation.ts";
import { holdStreams } from "./phases/standing-streams.ts";
import { measureStreaming } from "./phases/streaming.ts";
import type { Results } from "./results.ts";
import { numbersFrom } from "./run-script.ts";

const ON = [
  "key auth",
  "three hard budgets on every request (organisation, team, key)",
  "usage durable in NATS and in a Postgres with fsync",
  "one log line per request",
  "traces at the default sampling",
  "one process per service; Portkey as it ships: one process, no keys, no budgets, no records",
];
const DECIDE_SCRIPT = "services/router/src/decide-cost.test.ts";
const DECISIONS_SCRIPT = "test/load/src/decisions.ts";
const HOT_BUDGET_SCRIPT = "test/load/src/hot-budget.ts";
const INGEST_SCRIPT = "test/load/src/ingest.ts";
const INGEST_RECORDS = "60000";

export async function compare(bench: Bench, say: (line: string) => void): Promise<Results> {
  const machine = await describeMachine();
  const { waybill, options } = bench;
  say("saturation");
  const saturation = await saturate(bench);
  const ratePerSecond = options.ratePerSecond ?? chooseRate(saturation);
  say(`latency at ${ratePerSecond} requests/s`);
  const latency = await measureLatency(bench, ratePerSecond);
  say("streaming");
  const streaming = await measureStreaming(bench);
  say("a thousand open streams");
  const standing = [await holdStreams(bench, waybill.target)];
  if (!options.quick) standing.push(await holdStreams(bench, bench.portkey.target));
  say("the books");
  const peakRssMib: Record<string, number> = {};
  for (const part of waybill.parts) peakRssMib[part.name] = await memoryMib(part, "VmHWM");
  peakRssMib.portkey = await memoryMib({ name: "portkey", pids: async () => [bench.portkey.pid] }, "VmHWM");
  const books = await checkBooks(waybill.stack, bench.providerCalls);
  return {
    machine,
    versions: await versions(bench),
    on: ON,
    saturation,
    latency,
    streaming,
    standing,
    peakRssMib,
    ...(await otherBenchmarks(options.quick, say)),
    books,
  };
}

async function otherBenchmarks(
  quick: boolean,
  say: (line: string) => void,
): Promise<Pick<Results, "decideMicroseconds" | "decisionsPerSecond" | "ledgerRecordsPerSecond" | "hotBudget">> {
  if (quick) {
    return { decideMicroseconds: undefined, decisionsPerSecond: [], ledgerRecordsPerSecond: undefined, hotBudget: [] };
  }
  say("the router's decision and the ledger's catching up, alone");
  const decisions = await numbersFrom(DECIDE_SCRIPT, [], /([\d.]+) µs CPU per decision/g, say);
  const decisionsPerSecond = await numbersFrom(DECISIONS_SCRIPT, [], /(\d+) decisions\/s on one core/g, say);
  const ingest = await numbersFrom(INGEST_SCRIPT, ["--records", INGEST_RECORDS], /(\d+) records\/s/g, say);
  return {
    decideMicroseconds: decisions.length === 0 ? undefined : Math.max(...decisions),
    decisionsPerSecond,
    ledgerRecordsPerSecond: ingest[0],
    hotBudget: await numbersFrom(HOT_BUDGET_SCRIPT, [], /(\d+) (?:exact holds|typical decisions)\/s/g, say),
  };
}

async function versions({ waybill, portkey }: Bench): Promise<Record<string, string>> {
  const [postgres] = await waybill.stack.sql<{ server_version: string }>("SHOW server_version");
  return {
    "nats-server": String(await natsServerVersion(await findNatsServer(join(ROOT, ".waybill/tools")))),
    postgres: postgres?.server_version ?? "unknown",
    "@portkey-ai/gateway": portkey.version,
  };
}
