// The forward pass of a Llama-2 transformer, one token at a time, with the keys and values of earlier positions kept.
// In the innermost loops `as number` stands for "the index is in range": checks there cost speed.

import type { Checkpoint, Shape } from "./checkpoint.ts";

const ROTATION_BASE = 10_000;
const NORM_EPSILON = 1e-5;

/** One sequence being read or written. */
export class Sequence {
  readonly #checkpoint: Checkpoint;
  readonly #kvDim: number;
  // Per layer, one row of kvDim for each position so far.
  readonly #keys: readonly Float32Array[];
  readonly #values: readonly Float32Array[];
  readonly #scratch: Scratch;
  #length = 0;

  constructor(checkpoint: Checkpoint) {
    const { shape } = checkpoint;
    this.#checkpoint = checkpoint;
    this.#kvDim = (shape.dim / shape.heads) * shape.kvHeads;
    const cache = () => Array.from({ length: shape.layers }, () => new Float32Array(shape.context * this.#kvDim));
    this.#keys = cache();
    this.#values = cache();
    this.#scratch = makeScratch(shape);
  }

  /** Positions taken so far; at the model's context nothing more can follow. */
  get length(): number {
    return this.#length;
  }

  /** Reads the next token and gives a score for each token that could follow. The array is reused by the next call. */
  next(token: number): Float32Array {
    const { shape, weights } = this.#checkpoint;
    const { x, normed, feed, feedUp, out, logits } = this.#scratch;
    if (this.#length >= shape.context) throw new Error("the context is full");
    x.set(weights.tokenEmbedding.subarray(token * shape.dim, (token + 1) * shape.dim));

    for (let layer = 0; layer < shape.layers; layer++) {
      normalise(normed, x, at(weights.attentionNorm, layer));
      this.#attend(layer);
      add(x, out);

      normalise(normed, x, at(weights.feedNorm, layer));
      multiply(feed, at(weights.gate, layer), normed);
      multiply(feedUp, at(weights.up, layer), normed);
      for (let i = 0; i < shape.hiddenDim; i++) feed[i] = silu(feed[i] ?? 0) * (feedUp[i] ?? 0);
      multiply(out, at(weights.down, layer), feed);
      add(x, out);
    }

    normalise(normed, x, weights.finalNorm);
    multiply(logits, weights.classifier, normed);
    this.#length += 1;
    return logits;
  }

  /** Attention of the current position over itself and all before it; from `normed` into `out`. */
  #attend(layer: number): void {
    const { shape, weights } = this.#checkpoint;
    const { normed, query, mixed, scores, out } = this.#scratch;
    const headDim = shape.dim / shape.heads;
    const position = this.#length;
    const keys = at(this.#keys, layer);
    const values = at(this.#values, layer);
    const row = (of: Float32Array) => of.subarray(position * this.#kvDim, (position + 1) * this.#kvDim);

    multiply(query, at(weights.query, layer), normed);
    multiply(row(keys), at(weights.key, layer), normed);
    multiply(row(values), at(weights.value, layer), normed);
    rotate(query, headDim, position);
    rotate(row(keys), headDim, position);

    mixed.fill(0);
    const scale = 1 / Math.sqrt(headDim);
    for (let head = 0; head < shape.heads; head++) {
      // Several query heads share the keys and values of one.
      const shared = Math.floor((head * shape.kvHeads) / shape.heads) * headDim;
      const first = head * headDim;
      for (let past = 0; past <= position; past++) {
        const from = past * this.#kvDim + shared;
        let score = 0;
        for (let i = 0; i < headDim; i++) score += (query[first + i] as number) * (keys[from + i] as number);
        scores[past] = score * scale;
      }
      softmax(scores, position + 1);
      for (let past = 0; past <= position; past++) {
        const from = past * this.#kvDim + shared;
        const share = scores[past] as number;
        for (let i = 0; i < headDim; i++) {
          mixed[first + i] = (mixed[first + i] as number) + share * (values[from + i] as number);
        }
      }
    }
    multiply(out, at(weights.attentionOut, layer), mixed);
  }
}

/** Turns scores into shares that sum to 1, in place, over the first `length`. */
export function softmax(scores: Float32Array, length: number): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) max = Math.max(max, scores[i] ?? 0);
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const share = Math.exp((scores[i] ?? 0) - max);
    scores[i] = share;
    sum += share;
  }
  for (let i = 0; i < length; i++) scores[i] = (scores[i] ?? 0) / sum;
}

interface Scratch {
  readonly x: Float32Array;
  readonly normed: Float32Array;
  readonly query: Float32Array;
  readonly mixed: Float32Array;
  readonly scores: Float32Array;
  readonly feed: Float32Array;
  readonly feedUp: Float32Array;
  readonly out: Float32Array;
  readonly logits: Float32Array;
}

function makeScratch(shape: Shape): Scratch {
  return {
    x: new Float32Array(shape.dim),
    normed: new Float32Array(shape.dim),
    query: new Float32Array(shape.dim),
    mixed: new Float32Array(shape.dim),
    scores: new Float32Array(shape.context),
    feed: new Float32Array(shape.hiddenDim),
    feedUp: new Float32Array(shape.hiddenDim),
    out: new Float32Array(shape.dim),
    logits: new Float32Array(shape.vocabulary),
  };
}

/** out = matrix × x, the matrix row by row. */
function multiply(out: Float32Array, matrix: Float32Array, x: Float32Array): void {
  const width = x.length;
  for (let row = 0; row < out.length; row++) {
    let sum = 0;
    const from = row * width;
    for (let i = 0; i < width; i++) sum += (matrix[from + i] as number) * (x[i] as number);
    out[row] = sum;
  }
}

/** Root-mean-square normalisation. */
function normalise(out: Float32Array, x: Float32Array, weight: Float32Array): void {
  let squares = 0;
  for (const value of x) squares += value * value;
  const scale = 1 / Math.sqrt(squares / x.length + NORM_EPSILON);
  for (let i = 0; i < x.length; i++) out[i] = (weight[i] ?? 0) * scale * (x[i] ?? 0);
}

/** Turns each pair of numbers by an angle that grows with the position. */
function rotate(vector: Float32Array, headDim: number, position: number): void {
  for (let i = 0; i < vector.length; i += 2) {
    const angle = position / ROTATION_BASE ** ((i % headDim) / headDim);
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const one = vector[i] ?? 0;
    const other = vector[i + 1] ?? 0;
    vector[i] = one * cos - other * sin;
    vector[i + 1] = one * sin + other * cos;
  }
}

function silu(value: number): number {
  return value / (1 + Math.exp(-value));
}

function add(x: Float32Array, more: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) + (more[i] ?? 0);
}

function at(layers: readonly Float32Array[], layer: number): Float32Array {
  const found = layers[layer];
  if (found === undefined) throw new Error(`there is no layer ${layer}`);
  return found;
}
