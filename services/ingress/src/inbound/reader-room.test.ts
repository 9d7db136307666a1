import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReaderRoom } from "./reader-room.ts";

function setUp(bytesMax: number) {
  const cut: string[] = [];
  let count = 0;
  const room = new ReaderRoom(bytesMax, () => {
    count += 1;
  });
  const reader = (name: string) => ({ cut: () => void cut.push(name) });
  return { room, cut, reader, count: () => count };
}

describe("what waits for slow readers", () => {
  it("is bounded over all of them, and whoever has most waiting is cut", () => {
    const { room, cut, reader, count } = setUp(100);
    const [a, b, c] = [reader("a"), reader("b"), reader("c")];
    room.waits(a, 40);
    room.waits(b, 50);
    room.waits(c, 10);
    assert.deepEqual([room.bytes, cut], [100, []]);
    room.waits(c, 11);
    assert.deepEqual([room.bytes, cut, count()], [51, ["b"], 1]);
  });

  it("counts each reader once, with what waits for it now", () => {
    const { room, cut, reader } = setUp(100);
    const a = reader("a");
    for (const bytes of [60, 90, 30, 100]) room.waits(a, bytes);
    assert.equal(room.bytes, 100);
    room.waits(a, 0);
    assert.deepEqual([room.bytes, cut], [0, []]);
  });

  it("cuts as many as it takes, and who writes too, if it is the slowest", () => {
    const { room, cut, reader } = setUp(100);
    for (let n = 0; n < 10; n += 1) room.waits(reader(`r${n}`), 10);
    room.waits(reader("late"), 95);
    assert.deepEqual([room.bytes, cut], [100, ["late"]]);
  });

  it("of a reader that was cut and still tells is counted again, until it is gone", () => {
    const { room, reader } = setUp(100);
    const a = reader("a");
    room.waits(a, 101);
    assert.equal(room.bytes, 0);
    room.waits(a, 0);
    assert.equal(room.bytes, 0);
  });
});
