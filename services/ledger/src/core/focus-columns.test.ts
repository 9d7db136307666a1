// A cursor comes back as it went; the mandatory columns of FOCUS are there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AI_COLUMNS, FOCUS_COLUMNS, readFocusCursor, writeFocusCursor } from "./focus-columns.ts";

test("a cursor comes back as it went, and nothing else is one", () => {
  const place = { day: "2026-11-28", offset: 4_000 };
  assert.deepEqual(readFocusCursor(writeFocusCursor(place)), place);
  assert.deepEqual(readFocusCursor(""), { day: "", offset: 0 });
  for (const wrong of ["x", "2026-11-28", "2026-11-28/-1", "2026-11-28/1; DROP TABLE x"]) {
    assert.throws(() => readFocusCursor(wrong), /no cursor/);
  }
});

test("no column is there twice, and ours are named as such", () => {
  const names = [...FOCUS_COLUMNS, ...AI_COLUMNS].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name } of AI_COLUMNS) assert.match(name, /^x_[A-Z]/);
});
