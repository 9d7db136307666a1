// Answers in lines: what comes before anything was said is thrown, what comes after is the last line.
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { answerInLines } from "./answer-in-lines.ts";

const errorBody = (error: unknown) => ({ error: String(error) });
const later = () => new Promise((resolve) => setImmediate(resolve));

test("progress, then the result", async () => {
  const lines = await answerInLines(async (tell) => {
    tell(1);
    await later();
    tell(2);
    return "done";
  }, errorBody);
  assert.equal(await text(lines), '{"progress":1}\n{"progress":2}\n{"result":"done"}\n');
});

test("without progress the result alone", async () => {
  assert.equal(await text(await answerInLines(async () => 7, errorBody)), '{"result":7}\n');
});

test("a failure before anything was said is thrown; after it, it is the last line", async () => {
  await assert.rejects(
    answerInLines(async () => {
      throw new Error("no");
    }, errorBody),
    /no/,
  );
  const lines = await answerInLines(async (tell) => {
    tell(1);
    await later();
    throw new Error("late");
  }, errorBody);
  assert.equal(await text(lines), '{"progress":1}\n{"error":"Error: late"}\n');
});
