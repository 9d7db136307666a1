// Exact counts, against figures that OpenAI published, off this thread.
import assert from "node:assert/strict";
import { after, test } from "node:test";

// A thread of Node 20 reads no TypeScript, so it is what was built that is tested.
const BUILT = new URL("../../dist/outbound/count-tokens.js", import.meta.url).href;
const { makeTokenCounter } = (await import(BUILT)) as typeof import("./count-tokens.ts");
const problems: string[] = [];
const counter = makeTokenCounter((detail) => problems.push(detail));
after(() => counter.stop());

test("counts are those of OpenAI's cookbook", async () => {
  // https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, "Compare encodings".
  assert.equal(await counter.count("o200k_base", ["antidisestablishmentarianism"]), 6);
  assert.equal(await counter.count("cl100k_base", ["antidisestablishmentarianism"]), 6);
  assert.equal(await counter.count("o200k_base", ["2 + 2 = 4"]), 7);
  assert.equal(await counter.count("o200k_base", ["お誕生日おめでとう"]), 8);
  assert.equal(await counter.count("cl100k_base", ["お誕生日おめでとう"]), 9);
});

test("texts are added up, and what looks like a special token is text", async () => {
  const one = (await counter.count("o200k_base", ["2 + 2 = 4"])) ?? 0;
  assert.equal(await counter.count("o200k_base", ["2 + 2 = 4", "2 + 2 = 4"]), 2 * one);
  assert.ok(((await counter.count("o200k_base", ["<|endoftext|>"])) ?? 0) > 1);
  assert.equal(await counter.count("o200k_base", []), 0);
});

test("what cannot be counted is undefined: a tokenizer nobody knows, too much text, too many at once", async () => {
  assert.equal(await counter.count("no_such", ["a"]), undefined);
  assert.match(problems.join(), /no tokenizer no_such/);
  assert.equal(await counter.count("o200k_base", ["a".repeat(8 * 1024 * 1024 + 1)]), undefined);
  const many = await Promise.all(Array.from({ length: 80 }, () => counter.count("o200k_base", ["hello"])));
  assert.equal(many.filter((tokens) => tokens === 1).length, 64);
  assert.equal(many.filter((tokens) => tokens === undefined).length, 16);
});

test("what waits when it is stopped is not counted, and it begins anew when it is asked again", async () => {
  const waiting = counter.count("o200k_base", ["hello"]);
  await counter.stop();
  assert.equal(await waiting, undefined);
  assert.equal(await counter.count("o200k_base", ["hello"]), 1);
});
