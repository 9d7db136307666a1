import assert from "node:assert/strict";
import { test } from "node:test";
import { CounterMemory } from "./counter-memory.ts";
import { sampleBudget } from "./sample-models.ts";

const use = (memory: CounterMemory, key: string, nowMs: number) =>
  memory.use(key, nowMs, (known) => known ?? sampleBudget(`per.${key}`, {}));

test("a counter is made once and kept while it is used; after a quarter of an hour without use it is forgotten", () => {
  const memory = new CounterMemory();
  const idle = use(memory, "idle", 0);
  const used = use(memory, "used", 0);
  assert.equal(use(memory, "used", 800_000), used);
  memory.sweep(901_000);
  assert.deepEqual([memory.has(idle.id), memory.has(used.id)], [false, true]);
});

test("it holds a hundred thousand; beyond that the one unused for longest goes", () => {
  const memory = new CounterMemory();
  for (let index = 0; index < 100_000; index += 1) use(memory, String(index), index);
  use(memory, "0", 100_000);
  use(memory, "one more", 100_001);
  assert.deepEqual(
    ["per.0", "per.1", "per.2", "per.one more"].map((id) => memory.has(id)),
    [true, false, true, true],
  );
});
