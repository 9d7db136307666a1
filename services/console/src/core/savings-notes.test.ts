// A figure of savings never stands alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type SavingsFacts, savingsNotes } from "./savings-notes.ts";

const facts = (changes: Partial<SavingsFacts> = {}): SavingsFacts => ({
  ...{ isCompared: true, isClosed: true, answers: 10n, qualityAnswers: 0n, lostCacheReadsAtMostUsd: "0" },
  ...{ hasCostliestCandidate: false, changedPrices: [], simulated: false },
  ...changes,
});
const text = (changes: Partial<SavingsFacts> = {}) => savingsNotes(facts(changes)).join("\n");

test("the length of answers, failed attempts and routing are always spoken of", () => {
  assert.match(text(), /same tokens.*\n.*Failed and repeated.*Routing cost nothing/s);
});

test("quality is never passed over", () => {
  assert.match(text(), /Nobody has measured how good/);
  assert.match(text({ qualityAnswers: 10n }), /1 is as good\./);
  assert.match(text({ qualityAnswers: 4n }), /a figure for 4 of 10/);
});

test("what is left out is bounded", () => {
  assert.match(text({ lostCacheReadsAtMostUsd: "1.25" }), /not in it.*1\.25 USD less; that is the most/);
  assert.doesNotMatch(text(), /Prompt-cache/);
});

test("a costliest candidate, a price that changed, an open month and the simulator are named", () => {
  assert.match(text({ hasCostliestCandidate: true }), /dearest baseline/);
  assert.match(text({ changedPrices: ["openai/big"] }), /openai\/big has changed/);
  assert.match(text({ isClosed: false }), /not closed/);
  assert.match(text({ simulated: true }), /^These are answers of the simulator/);
});

test("where nothing was compared, that alone is said", () => {
  const said = savingsNotes(facts({ isCompared: false }));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /no baseline was declared/);
});
