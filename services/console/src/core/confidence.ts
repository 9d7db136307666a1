// How far the figures of a backtest can be trusted, in sentences: what of them is certain, and what nobody can know.
import { formatUsd } from "@waybill/domain";
import type { BacktestDoubts, BacktestSums } from "@waybill/wire";

/** One sentence each; the shares first. */
export function confidenceOf(total: BacktestSums, doubts: BacktestDoubts): string[] {
  const { requests, exact, estimated, unknown, compared } = total;
  if (requests === 0n) return [];
  const shares = [
    [exact, "exact: they would have gone the same way, or be refused"],
    [estimated, "estimated: the tokens of then, at the prices of now"],
    [unknown, "unknown: in no sum of the draft"],
  ] as const;
  return [
    ...shares.map(([count, what]) => `${percent(count, requests)} of the requests are ${what}`),
    ...(compared < requests
      ? [`${requests - compared} of ${requests} are compared with nothing: one of their two costs is unknown`]
      : []),
    ...DOUBTS.flatMap(([name, says]) => (doubts[name] === 0n ? [] : [`${doubts[name]} ${says}`])),
    ...(doubts.cacheReads === 0n
      ? []
      : [
          `${doubts.cacheReads} had input read from a cache that another model does not have: up to ` +
            `$${formatUsd(BigInt(doubts.cacheReadsPicoUsd))} more`,
        ]),
  ];
}

type Counted = Exclude<keyof BacktestDoubts, "cacheReads" | "cacheReadsPicoUsd" | "draftByUsualAnswersPicoUsd">;

const DOUBTS: readonly (readonly [Counted, string])[] = [
  ["otherAnswer", "would be answered by another model: as many tokens as then are assumed"],
  ["servedInstead", "were refused then and would be served: nobody knows how many tokens they take"],
  ["noAnswer", "have no answer on the books: they failed, nobody saw how they ended, or they are not booked yet"],
  ["unpriced", "have a model whose price is unknown, then or now"],
  [
    "retried",
    "took more than one attempt: those after the first are assumed again, or left out where another model answers",
  ],
  ["drawn", "meet a split whose draw was not recorded: drawn anew"],
  ["unseenModel", "look at a model whose state was not recorded: taken to be well"],
  ["unaskedBudget", "need money or a limit that nobody asked for then: taken to be given"],
  ["unseenBudget", "look at a budget that was not recorded"],
];

/** Rounded down to a tenth, so that 100 % is all of them. */
function percent(part: bigint, whole: bigint): string {
  const thousandths = (part * 1_000n) / whole;
  return `${thousandths / 10n}.${thousandths % 10n} %`;
}
