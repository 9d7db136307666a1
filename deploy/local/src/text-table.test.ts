import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTable } from "./text-table.ts";

test("columns line up, numbers to the right, nulls empty", () => {
  const columns = [
    { name: "team", align: "left" },
    { name: "cost_usd", align: "right" },
  ] as const;
  const table = renderTable(columns, [
    ["support", "0.000150"],
    ["größer", null],
  ]);
  assert.equal(table, ["team     cost_usd", "-------  --------", "support  0.000150", "größer"].join("\n"));
});

test("a value cannot send commands to the terminal", () => {
  const table = renderTable([{ name: "x", align: "left" }], [["a\n\u001b[31mred"]]);
  assert.match(table, /a\\n\\x1b\[31mred/);
});

test("no rows are a header and a rule", () => {
  assert.equal(renderTable([{ name: "x", align: "left" }], []), "x\n-");
});
