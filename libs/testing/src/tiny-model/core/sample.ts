// Picks the next token from the model's scores: the best one, or by chance within the likeliest.

import { softmax } from "./transformer.ts";

export interface Sampling {
  /** 0 always takes the best. */
  readonly temperature: number;
  /** Only the likeliest tokens that together have this share are considered. */
  readonly topP: number;
  /** Numbers from 0 to under 1. */
  readonly random: () => number;
}

/** `logits` is left changed. */
export function sample(logits: Float32Array, { temperature, topP, random }: Sampling): number {
  if (temperature <= 0) return indexOfMax(logits);
  for (let id = 0; id < logits.length; id++) logits[id] = (logits[id] ?? 0) / temperature;
  softmax(logits, logits.length);
  const ranked = Array.from(logits, (share, id) => ({ id, share })).sort((a, b) => b.share - a.share);
  let kept = 0;
  let sum = 0;
  while (kept < ranked.length && (kept === 0 || sum < topP)) {
    sum += ranked[kept]?.share ?? 0;
    kept += 1;
  }
  let left = random() * sum;
  for (const { id, share } of ranked.slice(0, kept)) {
    left -= share;
    if (left < 0) return id;
  }
  return ranked[kept - 1]?.id ?? 0;
}

function indexOfMax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if ((logits[id] ?? 0) > (logits[best] ?? 0)) best = id;
  return best;
}
