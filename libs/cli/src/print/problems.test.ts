// Problems as lines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemLines } from "./problems.ts";

test("a problem names its file, node and field, where it has them", () => {
  assert.deepEqual(
    problemLines([
      { path: "a.json", node: "m", field: "model", problem: "x does not exist" },
      { node: "", field: "", problem: "is not JSON" },
    ]),
    ["a.json: m: model: x does not exist", "is not JSON"],
  );
});
