// An answer that is kept for whoever asks the same: which of them may be kept, and the form in which they are.
import { formatUsd } from "@waybill/domain";
import { readFinishWord } from "@waybill/surfaces";
import type { Decision, FrameFinished } from "@waybill/wire";
import { decodeAnswer, encodeAnswer, type KeptAnswer } from "./kept-answer.ts";
import { targetOf } from "./make-waybill.ts";

export interface CachedAnswer extends KeptAnswer {
  /** Who gave it: <provider>/<model>. */
  givenBy: string;
  /** Unix milliseconds. */
  keptAtMs: number;
}

/**
 * What ends an answer that would come out so again. One that a filter cut, that broke off, or that ended for a reason nobody here
 * knows, may come out differently the next time.
 */
const REPEATABLE: ReadonlySet<unknown> = new Set(["stop", "stop_sequence", "length", "tool_calls", "context_full"]);

/** A limit of tokens was reached. */
const CUT: ReadonlySet<unknown> = new Set(["length", "context_full"]);

/**
 * Undefined: this answer is not for others. One that the money left made shorter is nobody else's, either; nor is one that a limit
 * cut which the client did not set (`hasOwnLimit`): another's budgets, or none, would have set another one.
 */
export function cachedAnswer(
  answer: KeptAnswer,
  decision: Decision,
  finished: FrameFinished,
  hasOwnLimit: boolean,
  nowMs: number,
): CachedAnswer | undefined {
  const { clamped } = decision;
  const end = readFinishWord(finished.finishReason);
  if (clamped || answer.status !== 200 || !REPEATABLE.has(end) || (!hasOwnLimit && CUT.has(end))) return undefined;
  const { provider, model } = targetOf(decision);
  const costUsd = finished.costKnown ? formatUsd(finished.costPicoUsd) : "";
  return { ...answer, costUsd, givenBy: `${provider}/${model}`, keptAtMs: nowMs };
}

/** True while it is younger than who asks allows. */
export function isFresh({ keptAtMs }: CachedAnswer, ttlSeconds: number, nowMs: number): boolean {
  return nowMs - keptAtMs < ttlSeconds * 1_000;
}

export const encodeCached: (answer: CachedAnswer) => Buffer = encodeAnswer;

/** Undefined: it is damaged, or another version of us wrote it. */
export function decodeCached(bytes: Uint8Array): CachedAnswer | undefined {
  const answer: (KeptAnswer & Partial<CachedAnswer>) | undefined = decodeAnswer(bytes);
  if (answer?.givenBy === undefined || answer.keptAtMs === undefined) return undefined;
  return { ...answer, givenBy: answer.givenBy, keptAtMs: answer.keptAtMs };
}
