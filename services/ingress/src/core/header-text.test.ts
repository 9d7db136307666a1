import assert from "node:assert/strict";
import { test } from "node:test";
import { headerText, isSwitchedOn } from "./header-text.ts";

test("a header that is empty, or stands there twice, says nothing", () => {
  const headers = { a: "x", empty: "", twice: ["x", "y"] };
  assert.deepEqual(
    ["a", "empty", "twice", "none"].map((name) => headerText(headers, name)),
    ["x", undefined, undefined, undefined],
  );
});

test("a switch is on unless it says that it is off", () => {
  const on = (value: string) => isSwitchedOn({ s: value }, "s");
  assert.deepEqual(["true", "1", "yes", "false", "0", ""].map(on), [true, true, true, false, false, false]);
});
