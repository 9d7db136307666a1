// What has to be said beside a figure of savings, in sentences, so that nobody reads more into it than there is.

export interface SavingsFacts {
  /** False: no answer of the month was compared. */
  isCompared: boolean;
  isClosed: boolean;
  /** Compared answers, and those of them with a figure of quality. */
  answers: bigint;
  qualityAnswers: bigint;
  /** USD as decimal text; undefined: nothing was compared. */
  lostCacheReadsAtMostUsd: string | undefined;
  /** Some baseline is the costliest candidate of a route. */
  hasCostliestCandidate: boolean;
  /** Models of baselines that hold, whose price in the catalogue is another one by now. */
  changedPrices: readonly string[];
  simulated: boolean;
}

export function savingsNotes(facts: SavingsFacts): string[] {
  if (!facts.isCompared) {
    return ["Nothing was compared: no baseline was declared for what was used, or its price was not known."];
  }
  return [
    ...(facts.simulated ? ["These are answers of the simulator: nobody saved any money."] : []),
    "The baseline is charged for the same answers with the same tokens; how long its own would have been is not known.",
    "Failed and repeated attempts are in the cost and cost the baseline nothing. Routing cost nothing: no model is asked in order to choose.",
    ...cacheNote(facts.lostCacheReadsAtMostUsd),
    ...(facts.hasCostliestCandidate
      ? [
          "The costliest candidate is the dearest baseline there is: without a router, few would have used it for everything.",
        ]
      : []),
    qualityNote(facts.answers, facts.qualityAnswers),
    ...facts.changedPrices.map(
      (model) =>
        `The price of ${model} has changed since it was declared a baseline. Declare it again to compare with the new one.`,
    ),
    ...(facts.isClosed ? [] : ["The month is not closed: what is still booked in it changes the figures."]),
  ];
}

function cacheNote(atMostUsd: string | undefined): string[] {
  if (atMostUsd === undefined || atMostUsd === "0") return [];
  return [
    `Prompt-cache reads that were lost by going to another model are not in it. Had the baseline's cache held all input, it would have cost ${atMostUsd} USD less; that is the most it can be.`,
  ];
}

function qualityNote(answers: bigint, qualityAnswers: bigint): string {
  if (qualityAnswers === 0n) return "Nobody has measured how good the answers were beside the baseline's.";
  if (qualityAnswers >= answers) return "Quality is that of the answers beside the baseline's; 1 is as good.";
  return `Quality is that of the answers beside the baseline's, 1 is as good; there is a figure for ${qualityAnswers} of ${answers}.`;
}
