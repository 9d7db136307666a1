// A thousand clients that are a burden, and what another client's requests take meanwhile, against the same thousand while they are none:
// slow readers against those who read, disconnects against the seconds before they leave. Beside it, what it takes alone, and while the
// same clients burden the provider itself, because the generator and the provider share its cores. The other client asks a provider
// of its own: a Node server takes one connection in each turn of its loop, so that a thousand at once would be its delay, not ours.

import { eventually } from "@waybill/testing";
import { type Bench, measure, partsOf } from "../bench.ts";
import { type BurdenJob, type JobResult, STAY_MS, type Target } from "../generator/jobs.ts";
import { startGenerator } from "../generator/start-generator.ts";
import type { ProviderProcess } from "../parts/scripted-provider.ts";
import { QUIET_MODEL } from "../parts/waybill.ts";
import { type Percentiles, percentiles } from "../percentiles.ts";
import { PLAIN, PLAIN_SCRIPT } from "./saturation.ts";
import { STREAM_SHAPE } from "./streaming.ts";
import { type RssMib, watchMemory } from "./watch-memory.ts";

export interface Burden {
  readonly kind: "slow-readers" | "disconnects";
  readonly openMax: number;
  /** Streams that came whole all the same. */
  readonly completed: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Of another client, of Waybill: alone, while the same clients burden the provider directly, while they are no burden, and meanwhile. */
  readonly othersAloneMs: Percentiles;
  readonly othersBesideDirectMs: Percentiles;
  readonly othersBesideNoneMs: Percentiles;
  readonly othersMs: Percentiles;
  readonly othersFailed: Readonly<Record<string, number>>;
  readonly rssMib: RssMib;
  /** Calls that the provider saw end because their client had left. */
  readonly cancelledUpstream: number;
  /** From the end of the load until no call ran at the provider any more. */
  readonly upstreamQuietSeconds: number;
  /** Of every round, the least first. */
  readonly slowdowns: readonly number[];
}

/** The other client's p99 beside the burden, as a multiple of that beside the same clients while they are none. */
export function slowdown({ othersMs, othersBesideNoneMs }: Pick<Burden, "othersMs" | "othersBesideNoneMs">): number {
  return othersMs.p99 / othersBesideNoneMs.p99;
}

const RATE_PER_SECOND = 50;
/** What a slow reader leaves unread: above what the kernel's buffers take. */
const SLOW_TEXT_BYTES = 1_000_000;
const QUIET_LIMIT_MS = 60_000;
const SCRIPTS = {
  // 10 MB a second for a thousand of them: what two cores carry beside the generator and the provider.
  "slow-readers": { inputTokens: 250, outputTokens: 150, chunks: 50, gapMs: 2_000, text: "a".repeat(SLOW_TEXT_BYTES) },
  disconnects: { inputTokens: 250, outputTokens: 150, chunks: 150, gapMs: 200 },
} as const;
/** As long as the scripts' streams take to come; as long as it takes them to begin, stay and leave. */
const SECONDS = { "slow-readers": 115, disconnects: 15 } as const;
/** Two seconds are few requests, and the first time each process meets the path cold: of several rounds the median is told. */
const ROUNDS = { "slow-readers": 1, disconnects: 5 } as const;
/** They leave within one second; what follows from it is over after another. */
const LEAVING_MS = 2_000;

export async function measureBurdens(bench: Bench): Promise<Burden[]> {
  const others = await startGenerator();
  try {
    const rows: Burden[] = [];
    for (const kind of ["slow-readers", "disconnects"] as const) {
      const first = await measureBurden(bench, kind, others);
      const rounds = [first];
      while (rounds.length < ROUNDS[kind]) rounds.push(await measureBurden(bench, kind, others));
      rounds.sort((a, b) => slowdown(a) - slowdown(b));
      const median = rounds[Math.floor(rounds.length / 2)] ?? first;
      rows.push({ ...median, slowdowns: rounds.map(slowdown) });
    }
    return rows;
  } finally {
    others.stop();
  }
}

type Generator = Awaited<ReturnType<typeof startGenerator>>;

async function measureBurden(
  bench: Bench,
  kind: Burden["kind"],
  others: Generator,
): Promise<Omit<Burden, "slowdowns">> {
  const { options, provider, quietProvider, waybill } = bench;
  const target = { ...waybill.target, model: QUIET_MODEL };
  const seconds = SECONDS[kind];
  const ask = (forSeconds: number) =>
    others.run({ kind: "open-loop", target, seconds: forSeconds, ratePerSecond: RATE_PER_SECOND, ...PLAIN });
  await provider.script(SCRIPTS[kind]);
  await quietProvider.script(PLAIN_SCRIPT);
  const quietBefore = await quietProvider.summary();
  const alone = await ask(options.seconds);
  const jobAt = (burdened: Target, as: BurdenJob["kind"]): BurdenJob => ({
    ...{ kind: as, target: burdened, seconds, clients: options.clients, ...STREAM_SHAPE },
  });
  const beside = async (burdened: Target, as: BurdenJob["kind"]) => {
    const carried = async () => {
      const { result } = await measure(bench, jobAt(burdened, as));
      const quietFromMs = performance.now();
      await isQuiet(provider);
      return { result, upstreamQuietSeconds: (performance.now() - quietFromMs) / 1_000 };
    };
    const [burden, meanwhile] = await Promise.all([carried(), ask(seconds)]);
    return { ...burden, meanwhile };
  };
  const direct = await beside(provider.target, kind);
  const reading = kind === "slow-readers" ? await beside(waybill.target, "readers") : undefined;
  const before = await provider.summary();
  const [{ result, upstreamQuietSeconds, meanwhile }, rssMib] = await watchMemory(partsOf(bench, "waybill"), () =>
    beside(waybill.target, kind),
  );
  await waybill.settled();
  bench.providerCalls += (await quietProvider.summary()).calls - quietBefore.calls;
  const whileBurden = (of: { result: JobResult; meanwhile: JobResult }): Percentiles =>
    kind === "disconnects" ? during(of, 0, LEAVING_MS) : during(of, 0, Number.POSITIVE_INFINITY);
  return {
    ...{ kind, openMax: result.openMax, completed: result.completed, failed: result.failed, rssMib },
    othersAloneMs: percentiles([alone.latencyMs]),
    othersBesideDirectMs: whileBurden(direct),
    othersBesideNoneMs: reading ? whileBurden(reading) : during({ result, meanwhile }, -STAY_MS, 0),
    othersMs: whileBurden({ result, meanwhile }),
    ...{ othersFailed: meanwhile.failed, upstreamQuietSeconds },
    cancelledUpstream: (await provider.summary()).clientAborted - before.clientAborted,
  };
}

/** Of the other client's requests that began so long after the burden did. */
function during(
  { result, meanwhile }: { result: JobResult; meanwhile: JobResult },
  fromMs: number,
  toMs: number,
): Percentiles {
  const isIn = (begunAtMs = 0): boolean =>
    begunAtMs >= result.burdenFromMs + fromMs && begunAtMs < result.burdenFromMs + toMs;
  return percentiles([meanwhile.latencyMs.filter((_, index) => isIn(meanwhile.begunAtMs[index]))]);
}

function isQuiet(provider: ProviderProcess): Promise<unknown> {
  return eventually(async () => (await provider.summary()).running === 0, {
    ...{ timeoutMs: QUIET_LIMIT_MS, intervalMs: 20, reason: "no call runs at the provider" },
  });
}
