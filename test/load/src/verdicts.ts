// The speed budget (docs: design, "Speed budget") against what was measured. A missed target is said, never hidden.

import type { Results } from "./results.ts";

export interface Verdict {
  readonly target: string;
  readonly wanted: string;
  readonly measured: string;
  /** Undefined: not measured in this run. */
  readonly met: boolean | undefined;
}

const THROUGHPUT_RATIO_MIN = 4;
const CPU_MICROSECONDS_MAX = 400;
const FIRST_TOKEN_ADDED_MS_MAX = 2;
const CHUNK_ADDED_MS_MAX = 0.5;
export const RSS_MIB_MAX = 150;
const DECIDE_MICROSECONDS_MAX = 50;
const DECISIONS_PER_SECOND_MIN = 15_000;
const HOT_BUDGET = [
  { target: "exact holds on one organisation's row", min: 5_000 },
  { target: "decisions that grants from one row cover", min: 50_000 },
];
const LEDGER_RECORDS_PER_SECOND_MIN = 20_000;

export function judge(results: Results): Verdict[] {
  return [
    throughput(results),
    cpu(results),
    ...addedLatency(results),
    ...streaming(results),
    ...memory(results),
    verdict(
      "Decide",
      `≤ ${DECIDE_MICROSECONDS_MAX} µs`,
      results.decideMicroseconds,
      "µs",
      (value) => value <= DECIDE_MICROSECONDS_MAX,
    ),
    ...["a direct model", "20 nodes, 30 candidates"].map((route, index) =>
      verdict(
        `decisions over the standing stream, one core, ${route}`,
        `≥ ${DECISIONS_PER_SECOND_MIN}/s`,
        results.decisionsPerSecond[index],
        "/s",
        (value) => value >= DECISIONS_PER_SECOND_MIN,
      ),
    ),
    ...HOT_BUDGET.map(({ target, min }, index) =>
      verdict(target, `≥ ${min}/s`, results.hotBudget[index], "/s", (value) => value >= min),
    ),
    verdict(
      "ledger",
      `≥ ${LEDGER_RECORDS_PER_SECOND_MIN} records/s`,
      results.ledgerRecordsPerSecond,
      "records/s",
      (value) => value >= LEDGER_RECORDS_PER_SECOND_MIN,
    ),
  ];
}

function throughput({ saturation }: Results): Verdict {
  const of = (name: string): number =>
    saturation.find(({ target }) => target === name)?.requestsPerSecond ?? Number.NaN;
  return verdict(
    "throughput against the Portkey gateway",
    `≥ ${THROUGHPUT_RATIO_MIN}×`,
    of("waybill") / of("portkey"),
    "×",
    (ratio) => ratio >= THROUGHPUT_RATIO_MIN,
  );
}

function cpu({ saturation }: Results): Verdict {
  const seconds = saturation.find(({ target }) => target === "waybill")?.cpuSecondsPer1000Total;
  // Seconds per thousand are milliseconds each.
  const microseconds = seconds === undefined ? undefined : seconds * 1_000;
  return verdict(
    "CPU per request, all services, NATS, Postgres",
    `≤ ${CPU_MICROSECONDS_MAX} µs`,
    microseconds,
    "µs",
    (value) => value <= CPU_MICROSECONDS_MAX,
  );
}

/** The design asks for less than every peer with durable budgets; this peer has none, and still is the one here. */
function addedLatency({ latency }: Results): Verdict[] {
  const waybill = latency.filter(({ target }) => target === "waybill");
  return waybill.map(({ providerLatencyMs, addedMs }) => {
    const peer = latency.find((row) => row.target === "portkey" && row.providerLatencyMs === providerLatencyMs);
    const limit = peer?.addedMs.p50 ?? Number.NaN;
    return verdict(
      `added p50, provider at ${providerLatencyMs} ms, against Portkey without budgets`,
      `< ${limit.toFixed(2)} ms`,
      addedMs.p50,
      "ms",
      (value) => value < limit,
    );
  });
}

function streaming({ streaming: rows }: Results): Verdict[] {
  const waybill = rows.find(({ target }) => target === "waybill");
  return [
    verdict(
      "first token, added p50",
      `≤ ${FIRST_TOKEN_ADDED_MS_MAX} ms`,
      waybill?.addedFirstTokenMs.p50,
      "ms",
      (value) => value <= FIRST_TOKEN_ADDED_MS_MAX,
    ),
    verdict(
      "later chunks, added p50",
      `≤ ${CHUNK_ADDED_MS_MAX} ms`,
      waybill?.addedChunkDelayMs.p50,
      "ms",
      (value) => value <= CHUNK_ADDED_MS_MAX,
    ),
  ];
}

function memory({ standing }: Results): Verdict[] {
  const waybill = standing.find(({ target }) => target === "waybill");
  return (["ingress", "worker"] as const).map((part) =>
    verdict(
      `RSS of ${part} at 1000 open streams`,
      `≤ ${RSS_MIB_MAX} MiB`,
      // With fewer streams it would be a smaller thing that was measured.
      (waybill?.openMax ?? 0) >= 1_000 ? waybill?.rssMib[part]?.during : undefined,
      "MiB",
      (value) => value <= RSS_MIB_MAX,
    ),
  );
}

export function verdict(
  target: string,
  wanted: string,
  measured: number | undefined,
  unit: string,
  isMet: (value: number) => boolean,
): Verdict {
  if (measured === undefined || Number.isNaN(measured)) {
    return { target, wanted, measured: "not measured", met: undefined };
  }
  const digits = measured >= 100 ? 0 : measured >= 10 ? 1 : 2;
  return { target, wanted, measured: `${measured.toFixed(digits)} ${unit}`, met: isMet(measured) };
}
