// OpenAI's costs and usage as its admin API and its dashboard export them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineText, parseSample, refusal } from "./sample-invoice.test.ts";

test("costs of the API: exact amounts, tokens by kind, and a day on which nothing was used", () => {
  const { lines, ...rest } = parseSample("openai", "openai-costs.json");
  assert.deepEqual(lines.map(lineText), [
    "2026-10-03 proj_production gpt-4o-mini-2024-07-18 input 2057600 0.30864",
    "2026-10-03 proj_production gpt-4o-mini-2024-07-18 cached_input 1024000 0.0768",
    "2026-10-03 proj_production gpt-4o-mini-2024-07-18 output 20500 0.0123",
    "2026-10-03 proj_production web search tool calls other - 0.04",
  ]);
  assert.deepEqual(rest, {
    ...{ fromDay: "2026-10-03", untilDay: "2026-10-04", leftOutRows: 0 },
    // One amount came with the noise of a float.
    ...{ roundedAmounts: 1, amountDecimals: 12 },
  });
  assert.deepEqual(
    lines.map(({ fileLine }) => fileLine),
    [9, 19, 29, 39],
  );
});

test("costs of the dashboard: usage by another product keeps its own name", () => {
  const { lines, untilDay } = parseSample("openai", "openai-costs.csv");
  assert.deepEqual(lines.map(lineText), [
    "2026-10-03 proj_production gpt-4o-mini-2024-07-18 input - 0.30864",
    "2026-10-03 proj_production gpt-4o-mini-2024-07-18 output - 0.0123",
    "2026-10-03 proj_research evals | gpt-4o-mini-2024-07-18 input - 0.02",
  ]);
  assert.equal(untilDay, "2026-10-04");
});

test("usage: cached tokens are taken out of the input, and there are no amounts", () => {
  assert.deepEqual(parseSample("openai", "openai-usage.csv").lines.map(lineText), [
    "2026-10-03 key_gateway gpt-4o-mini-2024-07-18 input 2057600 -",
    "2026-10-03 key_gateway gpt-4o-mini-2024-07-18 cached_input 1024000 -",
    "2026-10-03 key_gateway gpt-4o-mini-2024-07-18 output 20500 -",
    "2026-10-03 key_gateway gpt-4o-mini-2024-07-18 requests 41 -",
    "2026-10-03 key_gateway text-embedding-3-small input 5000 -",
    "2026-10-03 key_gateway text-embedding-3-small requests 2 -",
  ]);
});

test("a currency that is not USD, no number and a bucket of a week are refused with line and field, and nothing is taken", () => {
  const header = "start_time,end_time,amount_value,amount_currency,line_item";
  const text = `${header}\n1790985600,1791072000,0.5,eur,"a, input"\n1790985600,1791072000,"1,5",usd,"a, input"\n`;
  assert.equal(
    refusal("openai", text),
    'Nothing was imported. line 2, amount_currency: "eur": only USD is held against the books; line 3, amount_value: "1,5" is no amount.',
  );
  assert.match(
    refusal("openai", `${header}\n1790985600,1791590400,1,usd,x\n`),
    /line 2, end_time: .*longer than a day/,
  );
});
