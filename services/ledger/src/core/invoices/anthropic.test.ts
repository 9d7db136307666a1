// Anthropic's cost and usage reports as its admin API and its console export them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineText, parseSample, refusal } from "./sample-invoice.test.ts";

test("the cost report is in cents", () => {
  const { lines, amountDecimals, untilDay } = parseSample("anthropic", "anthropic-cost.json");
  assert.deepEqual(lines.map(lineText), [
    "2026-10-03 wrkspc_gateway claude-sonnet-4-20250514 input - 1.2378912",
    "2026-10-03 wrkspc_gateway claude-sonnet-4-20250514 cache_write_5m - 0.075",
    "2026-10-03 wrkspc_gateway claude-sonnet-4-20250514 output - 0.600015",
    "2026-10-03 - Web Search Usage other - 0.02",
  ]);
  assert.deepEqual([amountDecimals, untilDay], [7, "2026-10-04"]);
});

test("the usage report has every kind of token, also over the end of a month", () => {
  assert.deepEqual(parseSample("anthropic", "anthropic-usage.json").lines.map(lineText), [
    "2026-10-31 apikey_gateway claude-sonnet-4-20250514 input 412630 -",
    "2026-10-31 apikey_gateway claude-sonnet-4-20250514 cached_input 200 -",
    "2026-10-31 apikey_gateway claude-sonnet-4-20250514 cache_write_5m 20000 -",
    "2026-10-31 apikey_gateway claude-sonnet-4-20250514 cache_write_1h 1000 -",
    "2026-10-31 apikey_gateway claude-sonnet-4-20250514 output 40001 -",
  ]);
});

test("the console's CSV is in dollars", () => {
  assert.deepEqual(parseSample("anthropic", "anthropic-cost.csv").lines.map(lineText), [
    "2026-10-03 gateway Claude Sonnet 4.5 input - 0.01",
    "2026-10-03 gateway Claude Sonnet 4.5 cached_input - 18.71",
    "2026-10-03 gateway Claude Sonnet 4.5 output - 3.2",
  ]);
  assert.deepEqual(parseSample("anthropic", "anthropic-usage.csv").lines.map(lineText), [
    "2026-10-03 gateway claude-sonnet-4-5-20250929 input 46981 -",
    "2026-10-03 gateway claude-sonnet-4-5-20250929 cached_input 62366667 -",
    "2026-10-03 gateway claude-sonnet-4-5-20250929 cache_write_5m 15969 -",
    "2026-10-03 gateway claude-sonnet-4-5-20250929 output 16932 -",
  ]);
});

test("a bucket of two days is refused", () => {
  const bucket = { starting_at: "2026-10-03T00:00:00Z", ending_at: "2026-10-05T00:00:00Z", results: [] };
  assert.match(refusal("anthropic", JSON.stringify({ data: [bucket] })), /line 1, ending_at: .*longer than a day/);
});
