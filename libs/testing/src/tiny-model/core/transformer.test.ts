// The forward pass is that of the real model: it writes the story that its authors published.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findTinyModel, tinyModelMissing } from "../find-tiny-model.ts";
import { sample } from "./sample.ts";
import { BOS } from "./tokenizer.ts";
import { Sequence } from "./transformer.ts";

const found = await findTinyModel();
const skip = found === undefined ? tinyModelMissing() : false;

function model() {
  assert.ok(found);
  return found;
}

function textOf(tokens: readonly number[]): string {
  return Buffer.concat(tokens.map((id) => model().tokenizer.decode(id))).toString();
}

function writeGreedily(prompt: string, tokens: number): number[] {
  const sequence = new Sequence(model().checkpoint);
  let logits = new Float32Array();
  for (const token of model().tokenizer.encode(prompt)) logits = new Float32Array(sequence.next(token));
  const written: number[] = [];
  while (written.length < tokens) {
    const token = sample(logits, { temperature: 0, topP: 1, random: () => 0 });
    written.push(token);
    logits = new Float32Array(sequence.next(token));
  }
  return written;
}

test("greedily it writes the story of its model card", { skip }, () => {
  const startedAtMs = performance.now();
  const text = textOf(writeGreedily("Once upon a time", 80));
  console.log(`${Math.round(80_000 / (performance.now() - startedAtMs))} tokens/s`);
  const published =
    ", there was a little girl named Lily. She loved to play outside in the park. " +
    "One day, she saw a big, red ball. She wanted to play with it, but it was too high.";
  assert.equal(text.slice(0, published.length), published);
});

test("kept keys and values give the same scores as computing all positions anew", { skip }, () => {
  const tokens = [...model().tokenizer.encode("Once upon a time"), ...writeGreedily("Once upon a time", 12)];
  const kept = new Sequence(model().checkpoint);
  for (const [position, token] of tokens.entries()) {
    const anew = new Sequence(model().checkpoint);
    for (const before of tokens.slice(0, position)) anew.next(before);
    assert.deepEqual(kept.next(token), anew.next(token));
  }
  // That earlier positions matter at all: the same token after others scores differently.
  const alone = new Sequence(model().checkpoint);
  assert.notDeepEqual(alone.next(tokens.at(-1) ?? BOS), kept.next(tokens.at(-1) ?? BOS));
});
