import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetRefusal, type ExtendHoldResponse } from "@waybill/wire";
import { CoverWatch } from "./cover-watch.ts";

function watching(answer: (covered: bigint) => Promise<ExtendHoldResponse>) {
  const asked: [bigint, number][] = [];
  const refused: [string, bigint][] = [];
  const watch = new CoverWatch({
    coveredOutputTokens: 100n,
    extend(covered, extension) {
      asked.push([covered, extension]);
      return answer(covered);
    },
    onRefused: (budgetId, counted) => void refused.push([budgetId, counted]),
  });
  return { watch, asked, refused };
}

const given = async (covered: bigint): Promise<ExtendHoldResponse> => ({
  coveredOutputTokens: covered * 2n,
  refusal: undefined,
});
const answered = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("more is asked for before what is held is used up, once at a time", async () => {
  const { watch, asked } = watching(given);
  watch.counted(79);
  assert.deepEqual(asked, []);
  watch.counted(1);
  watch.counted(10);
  assert.deepEqual(asked, [[100n, 1]]);
  await answered();
  watch.counted(69);
  assert.equal(asked.length, 1);
  watch.counted(1);
  assert.deepEqual(asked, [
    [100n, 1],
    [200n, 2],
  ]);
});

test("a refusal is told once, with what was counted, and nobody is asked again", async () => {
  const refusal = BudgetRefusal.create({ budgetId: "month" });
  const { watch, asked, refused } = watching(async (coveredOutputTokens) => ({ coveredOutputTokens, refusal }));
  watch.counted(90);
  await answered();
  watch.counted(500);
  await answered();
  assert.deepEqual(refused, [["month", 90n]]);
  assert.equal(asked.length, 1);
});

test("where nobody answers, the stream goes on, and is asked for again when it has doubled", async () => {
  const { watch, asked, refused } = watching(() => Promise.reject(new Error("no router")));
  watch.counted(100);
  await answered();
  watch.counted(59);
  assert.equal(asked.length, 1);
  watch.counted(1);
  assert.equal(asked.length, 2);
  assert.deepEqual(refused, []);
});
