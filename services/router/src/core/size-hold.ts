// How much has to be held for a request at one model: by the bytes of its input, or by its tokens where they were counted.
import { type BudgetRefusal, BudgetUnit, type Features } from "@waybill/wire";
import { type HoldSize, holdSize, NO_SIZE } from "./bounds.ts";
import type { IndexedBudget } from "./budget-index.ts";
import { isWorthCounting } from "./count-input.ts";
import type { ModelEntry, Snapshot } from "./snapshot.ts";

interface SizeOptions {
  snapshot: Snapshot;
  /** A clamped answer of fewer tokens than this (per choice) makes no sense. */
  leastOutputTokens: number;
  /** See DecideOptions. */
  observedOutputTokens?(route: string, modelId: string): bigint | undefined;
}

/** Undefined: it cannot be bounded. A counter of requests needs no bound; budgets that are not hard count what it comes to. */
export function sizeOf(
  { snapshot, leastOutputTokens, observedOutputTokens }: SizeOptions,
  { features, route }: { features: Features; route: string },
  entry: ModelEntry,
  budgets: readonly IndexedBudget[],
): HoldSize | undefined {
  const observed = observedOutputTokens?.(route, entry.id);
  const model = features.exactTokenizer === "" ? entry : { ...entry, tokenizer: snapshot.tokenizerOf(entry) };
  const size = holdSize(features, model, entry.price, BigInt(leastOutputTokens), observed);
  const needsBound = budgets.some(({ hard, unit }) => hard && unit !== BudgetUnit.REQUESTS);
  return size ?? (needsBound ? undefined : NO_SIZE);
}

/** Of a request that was refused by its bytes and may have room by its tokens; undefined: it has none, or they cannot be counted. */
export function tokenizerToCountWith(
  { snapshot, leastOutputTokens }: SizeOptions,
  features: Features,
  entry: ModelEntry,
  refusal: BudgetRefusal,
): string | undefined {
  const tokenizer = snapshot.tokenizerOf(entry);
  if (tokenizer === "") return undefined;
  const isWorthIt = isWorthCounting(features, entry, entry.price, BigInt(leastOutputTokens), refusal);
  return isWorthIt ? tokenizer : undefined;
}
