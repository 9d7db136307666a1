// What the path of a request holds, as a text that fits a terminal.

import type { HoldResults } from "./hold.ts";
import { judgeHold } from "./hold-verdicts.ts";
import type { RssMib } from "./phases/watch-memory.ts";
import { books, failed, section, targets } from "./report.ts";

export function renderHold(results: HoldResults): string {
  const { bodySizes, openStreams, burdens, books: it } = results;
  const two = (value: number): string => value.toFixed(2);
  return [
    section(
      "by the size of a request's body (open loop; added = difference of percentiles to direct)",
      ["body KB", "answer", "requests", "p50 ms", "p99", "added p50", "p99", "CPU ms each", "failed"],
      bodySizes.map((row) => [
        ...[String(row.bodyKb), row.stream ? "stream" : "plain", String(row.requests)],
        ...[two(row.latencyMs.p50), two(row.latencyMs.p99), two(row.addedMs.p50), two(row.addedMs.p99)],
        ...[two(row.cpuMsPerRequest), failed(row.failed)],
      ]),
    ),
    section(
      "by the number of open streams (resident MiB: before, highest meanwhile)",
      ["open at once", "first token p50 ms", "added p50", "p99", "ingress MiB", "worker MiB", "failed"],
      openStreams.map((row) => [
        ...[String(row.openMax), two(row.firstTokenMs.p50), two(row.addedFirstTokenMs.p50)],
        ...[two(row.addedFirstTokenMs.p99), rss(row.rssMib, "ingress"), rss(row.rssMib, "worker"), failed(row.failed)],
      ]),
    ),
    section(
      "clients that are a burden, and another client meanwhile",
      [
        ...[
          "clients",
          "open at once",
          "came whole",
          "cut or refused",
          "others p50 ms",
          "p99",
          "no burden p99",
          "times, each round",
          "alone p99",
          "beside direct p99",
          "others failed",
        ],
        ...["ingress MiB", "worker MiB", "cancelled upstream", "upstream quiet after"],
      ],
      burdens.map((row) => [
        ...[row.kind, String(row.openMax), String(row.completed), failed(row.failed)],
        ...[two(row.othersMs.p50), two(row.othersMs.p99), two(row.othersBesideNoneMs.p99)],
        row.slowdowns.map(two).join(", "),
        two(row.othersAloneMs.p99),
        ...[two(row.othersBesideDirectMs.p99), failed(row.othersFailed)],
        ...[rss(row.rssMib, "ingress"), rss(row.rssMib, "worker"), String(row.cancelledUpstream)],
        `${two(row.upstreamQuietSeconds)} s`,
      ]),
    ),
    targets(judgeHold(results)),
    books(it),
  ].join("\n\n");
}

function rss(rssMib: RssMib, part: string): string {
  const { before = Number.NaN, during = Number.NaN } = rssMib[part] ?? {};
  return `${before.toFixed(0)} -> ${during.toFixed(0)}`;
}
