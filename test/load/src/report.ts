// The results as a text that fits a terminal.

import { type Column, renderTable } from "@waybill/local";
import type { Books } from "./check-books.ts";
import type { Percentiles } from "./percentiles.ts";
import type { Results } from "./results.ts";
import { judge, type Verdict } from "./verdicts.ts";

export function renderReport(results: Results): string {
  return [
    machine(results),
    saturation(results),
    cpu(results),
    latency(results),
    streaming(results),
    standing(results),
    peak(results),
    books(results.books),
    verdicts(results),
  ].join("\n\n");
}

function machine({ machine: it, versions, on }: Results): string {
  return [
    `${it.command}   commit ${it.commit}, ${it.startedAt}`,
    `${it.cores} cores ${it.processor}, ${it.memoryGib} GiB, Linux ${it.kernel}, Node ${it.node}; load average at start ${it.loadAverageAtStart.toFixed(1)}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    `on: ${on.join("; ")}`,
    "load generator, scripted provider and everything measured share the cores: read ratios, not absolutes.",
  ].join("\n");
}

function saturation({ saturation: rows }: Results): string {
  const portkey = rows.find(({ target }) => target === "portkey")?.requestsPerSecond ?? Number.NaN;
  return section(
    "saturation (closed loop, plain answers, provider at once)",
    [
      "target",
      "requests/s",
      "× portkey",
      "p50 ms",
      "p90 ms",
      "p99 ms",
      "CPU s/1000",
      "helpers' CPU",
      "settled in",
      "failed",
    ],
    rows.map((row) => [
      row.target,
      row.requestsPerSecond.toFixed(0),
      (row.requestsPerSecond / portkey).toFixed(2),
      ...three(row.latencyMs),
      row.target === "direct" ? "" : row.cpuSecondsPer1000Total.toFixed(3),
      row.helpersCpuSecondsPer1000.toFixed(3),
      row.target === "waybill" ? `${row.settleSecondsMax.toFixed(2)} s` : "",
      failed(row.failed),
    ]),
  );
}

function cpu({ saturation: rows }: Results): string {
  const row = rows.find(({ target }) => target === "waybill");
  const parts = Object.entries(row?.cpuSecondsPer1000 ?? {});
  return section(
    "where Waybill's CPU seconds per 1000 requests go",
    [...parts.map(([part]) => part), "all"],
    [[...parts.map(([, seconds]) => seconds.toFixed(3)), (row?.cpuSecondsPer1000Total ?? Number.NaN).toFixed(3)]],
  );
}

function latency({ latency: rows }: Results): string {
  return section(
    `latency at ${rows[0]?.ratePerSecond ?? 0} requests/s (open loop, from the moment due; added = difference of percentiles to direct)`,
    [
      "provider",
      "target",
      "p50 ms",
      "p90",
      "p99",
      "max",
      "added p50",
      "p90",
      "p99",
      "generator late p50",
      "p99",
      "failed",
    ],
    rows.map((row) => [
      `${row.providerLatencyMs} ms`,
      row.target,
      ...three(row.latencyMs),
      row.latencyMs.max.toFixed(1),
      ...(row.target === "direct" ? ["", "", ""] : three(row.addedMs)),
      row.sendDelayMs.p50.toFixed(2),
      row.sendDelayMs.p99.toFixed(2),
      failed(row.failed),
    ]),
  );
}

function streaming({ streaming: rows }: Results): string {
  const cells = (it: Percentiles): string[] => [it.p50.toFixed(2), it.p99.toFixed(2)];
  return section(
    `${rows[0]?.streamsAtOnce ?? 0} streams at once, a chunk every 20 ms each (chunk delay: provider's write to arrival)`,
    [
      "target",
      "streams",
      "first token p50",
      "p99",
      "added p50",
      "p99",
      "chunk p50",
      "p99",
      "max",
      "added p50",
      "p99",
      "failed",
    ],
    rows.map((row) => [
      row.target,
      String(row.streams),
      ...cells(row.firstTokenMs),
      ...(row.target === "direct" ? ["", ""] : cells(row.addedFirstTokenMs)),
      ...cells(row.chunkDelayMs),
      row.chunkDelayMs.max.toFixed(1),
      ...(row.target === "direct" ? ["", ""] : cells(row.addedChunkDelayMs)),
      failed(row.failed),
    ]),
  );
}

function standing({ standing: rows }: Results): string {
  return section(
    "memory with many open streams (resident MiB: before, highest meanwhile)",
    ["target", "open at once", "part", "before", "meanwhile", "failed"],
    rows.flatMap(({ target, openMax, rssMib, failed: problems }) =>
      Object.entries(rssMib).map(([part, { before, during }]) => [
        target,
        String(openMax),
        part,
        before.toFixed(0),
        during.toFixed(0),
        failed(problems),
      ]),
    ),
  );
}

function peak({ peakRssMib }: Results): string {
  const parts = Object.entries(peakRssMib);
  return section(
    "peak resident MiB over the whole run (Postgres: sum over its processes, shared memory counted in each)",
    parts.map(([part]) => part),
    [parts.map(([, mib]) => mib.toFixed(0))],
  );
}

export function books(it: Books): string {
  const right = it.problems.length === 0 ? "RIGHT" : `WRONG: ${it.problems.join("; ")}`;
  return (
    `books: ${right} - ${it.providerCalls} calls reached the provider through Waybill, ${it.attemptsBooked} attempts booked (and ${it.attemptsNotSent} as never sent); ` +
    `${JSON.stringify(it.attemptsByOutcome)}; ledger $${it.ledgerSumUsd}; posted pico-USD ${JSON.stringify(it.postedPicoUsd)}; ${it.openHolds} holds open`
  );
}

function verdicts(results: Results): string {
  const rows = judge(results);
  const hint = rows.some(({ met }) => met === false) ? "\nwhere the CPU time goes: npm run bench -- --profile" : "";
  return targets(rows) + hint;
}

export function targets(rows: readonly Verdict[]): string {
  const word = (met: boolean | undefined): string => (met === undefined ? "-" : met ? "met" : "MISSED");
  return section(
    "targets",
    ["target", "wanted", "measured", ""],
    rows.map(({ target, wanted, measured, met }) => [target, wanted, measured, word(met)]),
  );
}

function three({ p50, p90, p99 }: Percentiles): string[] {
  return [p50, p90, p99].map((value) => value.toFixed(2));
}

/** The commonest problem by name, all by number. */
export function failed(problems: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(problems).sort(([, one], [, other]) => other - one);
  const count = sorted.reduce((sum, [, each]) => sum + each, 0);
  return count === 0 ? "0" : `${count} (${sorted[0]?.[0].slice(0, 80)})`;
}

export function section(title: string, names: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns: Column[] = names.map((name, index) => ({
    name,
    align: rows.every((row) => /^[-\d.]*( s)?$/.test(row[index] ?? "")) ? "right" : "left",
  }));
  return `${title}\n${renderTable(columns, rows)}`;
}
