// How long whole answers were since the last heartbeat, per route and model: routers hold that much on budgets that are not hard.
import { answerLengthBucket } from "@waybill/domain";
import type { AnswerLengths as LengthFigures } from "@waybill/wire";

/** Pairs of route and model beyond this many wait for the next heartbeat. */
const PAIRS_MAX = 500;

/** One answer that came whole. */
export interface WholeAnswer {
  route: string;
  provider: string;
  model: string;
  /** Of one choice, thoughts included. */
  outputTokens: bigint;
}

interface Pair extends Omit<WholeAnswer, "outputTokens"> {
  counts: Map<number, number>;
}

export class AnswerLengths {
  #pairs = new Map<string, Pair>();

  add({ route, provider, model, outputTokens }: WholeAnswer): void {
    const id = `${route}\u0000${provider}/${model}`;
    let pair = this.#pairs.get(id);
    if (!pair) {
      if (this.#pairs.size >= PAIRS_MAX) return;
      pair = { route, provider, model, counts: new Map() };
      this.#pairs.set(id, pair);
    }
    const bucket = answerLengthBucket(outputTokens);
    pair.counts.set(bucket, (pair.counts.get(bucket) ?? 0) + 1);
  }

  /** What was counted since the last time, and begins anew. A heartbeat that is lost takes its answers with it; nothing depends on them. */
  take(): LengthFigures[] {
    const pairs = this.#pairs;
    if (pairs.size === 0) return [];
    this.#pairs = new Map();
    return [...pairs.values()].map(({ counts, ...of }) => ({
      ...of,
      buckets: [...counts.keys()],
      counts: [...counts.values()],
    }));
  }
}
