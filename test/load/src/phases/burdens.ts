// A thousand clients that are a burden, and what another client's requests take meanwhile. The same clients at the provider itself
// say how much of it is the machine's: the generator and the provider share its cores. The other client asks a provider of its own: a
// Node server takes one connection in each turn of its loop, so that a thousand that come to it at once would be its delay, not ours.

import { eventually } from "@waybill/testing";
import { type Bench, measure, partsOf } from "../bench.ts";
import type { BurdenJob, Target } from "../generator/jobs.ts";
import { startGenerator } from "../generator/start-generator.ts";
import type { ProviderProcess } from "../parts/scripted-provider.ts";
import { QUIET_MODEL } from "../parts/waybill.ts";
import { type Percentiles, percentiles } from "../percentiles.ts";
import { PLAIN, PLAIN_SCRIPT } from "./saturation.ts";
import { STREAM_SHAPE } from "./streaming.ts";
import { type RssMib, watchMemory } from "./watch-memory.ts";

export interface Burden {
  readonly kind: BurdenJob["kind"];
  readonly openMax: number;
  /** Streams that came whole all the same. */
  readonly completed: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Of another client, of Waybill: alone, while the same clients burden the provider directly, and meanwhile. */
  readonly othersAloneMs: Percentiles;
  readonly othersBesideDirectMs: Percentiles;
  readonly othersMs: Percentiles;
  readonly othersFailed: Readonly<Record<string, number>>;
  readonly rssMib: RssMib;
  /** Calls that the provider saw end because their client had left. */
  readonly cancelledUpstream: number;
  /** From the end of the load until no call ran at the provider any more. */
  readonly upstreamQuietSeconds: number;
}

const RATE_PER_SECOND = 20;
/** What a slow reader leaves unread: above what the kernel's buffers take. */
const SLOW_TEXT_BYTES = 1_000_000;
const QUIET_LIMIT_MS = 60_000;
const SCRIPTS = {
  // 10 MB a second for a thousand of them: what two cores carry beside the generator and the provider.
  "slow-readers": { inputTokens: 250, outputTokens: 150, chunks: 50, gapMs: 2_000, text: "a".repeat(SLOW_TEXT_BYTES) },
  disconnects: { inputTokens: 250, outputTokens: 150, chunks: 150, gapMs: 200 },
} as const;
/** Longer than the scripts' streams take to come. */
const SECONDS = { "slow-readers": 115, disconnects: 10 } as const;

export async function measureBurdens(bench: Bench): Promise<Burden[]> {
  const others = await startGenerator();
  try {
    const rows: Burden[] = [];
    for (const kind of ["slow-readers", "disconnects"] as const) {
      rows.push(await measureBurden(bench, kind, others));
    }
    return rows;
  } finally {
    others.stop();
  }
}

type Generator = Awaited<ReturnType<typeof startGenerator>>;

async function measureBurden(bench: Bench, kind: BurdenJob["kind"], others: Generator): Promise<Burden> {
  const { options, provider, quietProvider, waybill } = bench;
  const target = { ...waybill.target, model: QUIET_MODEL };
  const ask = (seconds: number) =>
    others.run({ kind: "open-loop", target, seconds, ratePerSecond: RATE_PER_SECOND, ...PLAIN });
  await provider.script(SCRIPTS[kind]);
  await quietProvider.script(PLAIN_SCRIPT);
  const quietBefore = await quietProvider.summary();
  const alone = await ask(options.seconds);
  const job = (burdened: Target): BurdenJob => ({
    ...{ kind, target: burdened, seconds: SECONDS[kind], clients: options.clients, ...STREAM_SHAPE },
  });
  const [, besideDirect] = await Promise.all([measure(bench, job(provider.target)), ask(SECONDS[kind])]);
  await isQuiet(provider);
  const before = await provider.summary();
  const [[{ result }, meanwhile], rssMib] = await watchMemory(partsOf(bench, "waybill"), () =>
    Promise.all([measure(bench, job(waybill.target)), ask(SECONDS[kind])]),
  );
  const quietFromMs = performance.now();
  await isQuiet(provider);
  const upstreamQuietSeconds = (performance.now() - quietFromMs) / 1_000;
  await waybill.settled();
  bench.providerCalls += (await quietProvider.summary()).calls - quietBefore.calls;
  return {
    ...{ kind, openMax: result.openMax, completed: result.completed, failed: result.failed, rssMib },
    ...{ othersAloneMs: percentiles([alone.latencyMs]), othersMs: percentiles([meanwhile.latencyMs]) },
    othersBesideDirectMs: percentiles([besideDirect.latencyMs]),
    ...{ othersFailed: meanwhile.failed, upstreamQuietSeconds },
    cancelledUpstream: (await provider.summary()).clientAborted - before.clientAborted,
  };
}

function isQuiet(provider: ProviderProcess): Promise<unknown> {
  return eventually(async () => (await provider.summary()).running === 0, {
    ...{ timeoutMs: QUIET_LIMIT_MS, intervalMs: 20, reason: "no call runs at the provider" },
  });
}
