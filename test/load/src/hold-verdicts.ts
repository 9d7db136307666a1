// What the path of a request should hold, against what was measured: the design's speed budget, and burdens that harm nobody else.
import type { HoldResults } from "./hold.ts";
import { type Burden, slowdown } from "./phases/burdens.ts";
import { RSS_MIB_MAX, type Verdict, verdict } from "./verdicts.ts";

const FIRST_TOKEN_ADDED_MS_MAX = 2;
/** WAYBILL_ALL_BUFFERS_BYTES_MAX, and what the connections themselves take. */
const SLOW_READERS_MIB_MAX = 256 + 128;
/** Another client's p99 meanwhile, as a multiple of its p99 beside the same clients while they are no burden. */
const OTHERS_RATIO_MAX = 2;
const QUIET_SECONDS_MAX = 1;
/** With fewer it would be a smaller thing that was measured. */
const CLIENTS_MIN = 1_000;

export function judgeHold({ openStreams, burdens, books }: HoldResults): Verdict[] {
  const many = openStreams.find(({ openMax }) => openMax >= CLIENTS_MIN);
  const rss = (["ingress", "worker"] as const).map((part) =>
    verdict(
      `RSS of ${part} at ${CLIENTS_MIN} open streams`,
      `≤ ${RSS_MIB_MAX} MiB`,
      many?.rssMib[part]?.during,
      "MiB",
      (mib) => mib <= RSS_MIB_MAX,
    ),
  );
  const firstTokens = openStreams.map((row) =>
    verdict(
      `first token, added p50, ${row.openMax} open at once`,
      `≤ ${FIRST_TOKEN_ADDED_MS_MAX} ms`,
      row.addedFirstTokenMs.p50,
      "ms",
      (ms) => ms <= FIRST_TOKEN_ADDED_MS_MAX,
    ),
  );
  const wrong = books.problems.length;
  return [
    ...rss,
    ...firstTokens,
    ...burdens.flatMap(judgeBurden),
    verdict("problems of the books after all that", "0", wrong, "", (count) => count === 0),
  ];
}

function judgeBurden(burden: Burden): Verdict[] {
  const { kind, openMax, rssMib, upstreamQuietSeconds } = burden;
  const isWhole = openMax >= CLIENTS_MIN;
  const what = kind === "slow-readers" ? "slow readers" : "disconnects";
  const { before = Number.NaN, during = Number.NaN } = rssMib.ingress ?? {};
  const others = verdict(
    `another client's p99 beside ${openMax} ${what}, against the same ${openMax} while they are no burden`,
    `≤ ${OTHERS_RATIO_MAX}×`,
    isWhole ? slowdown(burden) : undefined,
    "×",
    (ratio) => ratio <= OTHERS_RATIO_MAX,
  );
  if (kind === "slow-readers") {
    const grown = verdict(
      `memory that ${openMax} slow readers take of the ingress`,
      `≤ ${SLOW_READERS_MIB_MAX} MiB`,
      isWhole ? during - before : undefined,
      "MiB",
      (mib) => mib <= SLOW_READERS_MIB_MAX,
    );
    return [others, grown];
  }
  const quiet = verdict(
    `no call runs at the provider after ${openMax} disconnects`,
    `≤ ${QUIET_SECONDS_MAX} s`,
    isWhole ? upstreamQuietSeconds : undefined,
    "s",
    (seconds) => seconds <= QUIET_SECONDS_MAX,
  );
  return [others, quiet];
}
