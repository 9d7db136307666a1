// What a choice begins with: the whole itinerary, or what is left of it after a failed attempt.
import { mayAskOtherAccount } from "../attempt-policy.ts";
import { afterFailure, type FailedAttempt, type Itinerary } from "../itinerary.ts";
import type { Question } from "../question.ts";
import type { Snapshot } from "../snapshot.ts";
import type { ChooseFrom } from "./choose.ts";

export function askFirst(question: Question, itinerary: Itinerary): ChooseFrom {
  return { question, itinerary, from: 0, retry: undefined, awaited: undefined, windowAbove: 0n };
}

/** Undefined: the failure is final. */
export function askAfter(
  question: Question,
  itinerary: Itinerary,
  failure: FailedAttempt,
  snapshot: Pick<Snapshot, "model">,
): ChooseFrom | undefined {
  const way = afterFailure(itinerary, failure);
  if (!way) return undefined;
  const failed = itinerary.items[itinerary.at];
  const window = failed?.kind === "model" ? snapshot.model(failed.id)?.contextWindowTokens : undefined;
  const windowAbove = failure.failureCode === "context_length_exceeded" ? (window ?? 0n) : 0n;
  // A pause is asked for by one account; another one is asked instead.
  const isElsewhere = way.retry && mayAskOtherAccount(failure.otherAccount ?? false, way.retry.tries);
  const isPaused = failure.retryAfterMs > 0 && !isElsewhere;
  const again = isPaused ? { retry: undefined, awaited: way.retry } : { awaited: undefined };
  return { question, itinerary, ...way, ...again, windowAbove };
}

export function reasonAfter({ failedAttempt, failureCode }: FailedAttempt): string {
  return `after ${failureCode} of attempt ${failedAttempt}`;
}
