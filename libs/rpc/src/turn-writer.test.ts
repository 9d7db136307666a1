import assert from "node:assert/strict";
import { test } from "node:test";
import { TurnWriter } from "./turn-writer.ts";

function writerInto(messages: (string[] | "end")[]): TurnWriter<string, string[]> {
  const stream = { write: (message: string[]) => void messages.push(message), end: () => void messages.push("end") };
  return new TurnWriter(stream, (items: string[]) => items);
}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("what one turn writes is one message, in its order; the next turn has a message of its own", async () => {
  const messages: (string[] | "end")[] = [];
  const writer = writerInto(messages);
  writer.write("a");
  await Promise.resolve();
  writer.write("b");
  assert.deepEqual(messages, []);
  await nextTurn();
  writer.write("c");
  await nextTurn();
  assert.deepEqual(messages, [["a", "b"], ["c"]]);
});

test("more than sixteen are several messages, and what may be large has one to itself", async () => {
  const messages: (string[] | "end")[] = [];
  const writer = writerInto(messages);
  for (let n = 0; n < 35; n += 1) writer.write(String(n));
  writer.writeAlone("large");
  writer.write("after");
  await nextTurn();
  assert.deepEqual(
    messages.map((message) => message.length),
    [16, 16, 3, 1, 1],
  );
  assert.deepEqual(messages.flat(), [...Array.from({ length: 35 }, (_, n) => String(n)), "large", "after"]);
});

test("an end comes after what was written; what was dropped is never sent", async () => {
  const messages: (string[] | "end")[] = [];
  const writer = writerInto(messages);
  writer.write("a");
  writer.end();
  writer.write("late");
  writer.drop();
  await nextTurn();
  assert.deepEqual(messages, [["a"], "end"]);
});
