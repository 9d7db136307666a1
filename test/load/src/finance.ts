// How long finance's views of a month take over many entries, and that none of them reads entries.
//   node --conditions=source --import tsx test/load/src/finance.ts [--rows 5000000]
import { parseArgs } from "node:util";
import { connectOnce } from "@waybill/store";
import { loadBooks, MONTH } from "./parts/load-books.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "5000000" } } });
const rows = Number(values.rows);
const TARGET_MS = 2_000;

const VIEWS: Readonly<Record<string, string>> = {
  cost_by_day: `SELECT team, model, sum(cost_usd) FROM finance.cost_by_day WHERE accounting_month = '${MONTH}' GROUP BY 1, 2`,
  month_statement: `SELECT * FROM finance.month_statement WHERE accounting_month = '${MONTH}'`,
  unallocated: `SELECT * FROM finance.unallocated WHERE accounting_month = '${MONTH}'`,
  wasted: `SELECT * FROM finance.wasted WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
  unit_cost: `SELECT * FROM finance.unit_cost WHERE accounting_month = '${MONTH}'`,
  top_movers: "SELECT * FROM finance.top_movers",
  cache_use: `SELECT * FROM finance.cache_use WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
  focus_1_4: `SELECT "SkuId", sum("BilledCost") FROM finance.focus_1_4 WHERE "BillingPeriodStart" = '2026-10-01Z' GROUP BY 1`,
  cost_by_team_day: `SELECT * FROM finance.cost_by_team_day WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
  cost_by_account_day: `SELECT * FROM finance.cost_by_account_day WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
};

await using books = await loadBooks("finance", rows);
const finance = await connectOnce(books.urlOf("finance_reader"), "finance");
for (const [view, sql] of Object.entries(VIEWS)) {
  const plan = await finance.query(`EXPLAIN ${sql}`);
  const readsEntries = plan.rows.some((row) => /\bon entry/.test(Object.values(row).join(" ")));
  const startedAtMs = performance.now();
  const { rowCount } = await finance.query(sql);
  const tookMs = performance.now() - startedAtMs;
  const verdict = tookMs <= TARGET_MS && !readsEntries ? "met" : "MISSED";
  const reads = readsEntries ? "reads entries" : "reads sums only";
  console.log(
    `  finance.${view}: ${Math.round(tookMs)} ms, ${rowCount} rows, ${reads} (≤ ${TARGET_MS} ms: ${verdict})`,
  );
}
await finance.end();
