// A month as FOCUS files, by the command: read back by readers that know nothing of ours, they have the mandatory columns, keep FOCUS's
// cost identities, and add up to the books to the last digit.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connectOnce } from "@waybill/store";
import { makeTestFolder, type TestFolder } from "@waybill/testing";
import { type Table, tableFromIPC } from "apache-arrow";
import { readParquet } from "parquet-wasm";
import { adminOf } from "../stack/admin.ts";
import { waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const MONTH = "2024-11";
const MANDATORY = [
  ...[
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
  ],
  ...["ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost"],
  ...["EffectiveCost", "HostProviderName", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit"],
  ...["ServiceCategory", "ServiceName", "ServiceProviderName"],
];
const NEVER_NULL = MANDATORY.filter(
  (name) =>
    !["BillingAccountName", "ChargeClass", "ChargeDescription", "PricingQuantity", "PricingUnit"].includes(name),
);
const AI = ["x_ModelId", "x_TokenDirection", "x_TokenCacheAction", "x_TokenCount", "x_RequestCount"];
const SCALE = 12;

let stack: TestStack;
let folder: TestFolder;
let waybill: ReturnType<typeof waybillOf>;
before(async () => {
  stack = await startStack({ replicas: { console: 1 } });
  folder = await makeTestFolder("focus");
  waybill = waybillOf(stack, folder.path);
  await fillBooks();
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

/** Sums of two days with every kind of token, a correction, names that are hard on CSV, and more rows of a day than a page holds. */
async function fillBooks(): Promise<void> {
  const owner = await connectOnce(stack.ownerUrl, "test-owner");
  const id = (kind: number, index: number): string =>
    `00000000-0000-0000-000${kind}-${String(index).padStart(12, "0")}`;
  const add = (table: string, rows: unknown[]) =>
    owner.query(`INSERT INTO ledger.${table} SELECT * FROM jsonb_populate_recordset(NULL::ledger.${table}, $1)`, [
      JSON.stringify(rows),
    ]);
  const teams = Array.from({ length: 250 }, (_, index) => ({
    ...{ id: id(1, index), organisation_id: "acme", organisation_name: 'Acme, "Ltd"', team_id: `t${index}` },
    ...{ team_name: index === 0 ? 'Care, "first"\nline' : `Team ${index}`, cost_centre: index % 2 ? "4711" : null },
  }));
  await add("attribution", teams);
  await add("routing", [
    {
      id: id(2, 0),
      provider: "openai",
      provider_account: "default",
      model: "big",
      route: "chat",
      route_version: 3,
      simulated: false,
    },
    { id: id(2, 1), provider: "sim", model: "big", simulated: true },
  ]);
  await add("price", [
    {
      ...{
        id: id(3, 0),
        version: "v1",
        above_input_tokens: 0,
        input_usd_per_million: "2.5",
        request_usd: "0.000000000001",
      },
      ...{ cached_input_usd_per_million: "0.000001", cache_write_5m_usd_per_million: "3.125" },
      ...{ cache_write_1h_usd_per_million: "5", output_usd_per_million: "10", reasoning_usd_per_million: "10" },
    },
  ]);
  const tokens = {
    ...{ input_tokens: 1_000, cached_input_tokens: 333, cache_write_5m_tokens: 11, cache_write_1h_tokens: 7 },
    ...{ output_tokens: 90, reasoning_tokens: 33 },
  };
  const cost = (649 * 2_500_000 + 333 + 11 * 3_125_000 + 7 * 5_000_000 + 90 * 10_000_000 + 1) / 1e12;
  const row = (team: number, day: string, changes: Record<string, unknown> = {}) => ({
    ...{
      request_month: "2024-11-01",
      accounting_month: "2024-11-01",
      day,
      attribution_id: id(1, team),
      routing_id: id(2, 0),
    },
    ...{
      price_id: id(3, 0),
      outcome: "success",
      token_source: "provider",
      requests: 1,
      attempts: 1,
      unpriced_attempts: 0,
    },
    ...{ suspect_attempts: 0, ...tokens, duration_ms: 5, cost_usd: cost.toFixed(12), ...changes },
  });
  await add("usage_day", [
    ...teams.map((_, team) => row(team, "2024-11-15")),
    row(0, "2024-11-16", { outcome: "unknown", token_source: "worst_case", cost_usd: "0.5" }),
    row(0, "2024-11-16", { routing_id: id(2, 1) }),
    row(1, "2024-10-31", { request_month: "2024-10-01" }),
    row(1, "2024-10-31", { request_month: "2024-10-01", accounting_month: "2024-10-01" }),
  ]);
  await owner.end();
}

async function exportTo(name: string, ...options: string[]): Promise<string> {
  const file = join(folder.path, name);
  const run = await waybill(0, "focus", "export", "--month", MONTH, "--out", file, ...options);
  assert.match(run.stdout, /bytes of (csv|parquet) for 2024-11/);
  return file;
}

type Value = string | bigint | Date | null;

/** Decimals as whole numbers of 10^-12, times as moments. */
async function readBack(file: string): Promise<{ names: string[]; rows: Record<string, Value>[]; table: Table }> {
  const table = tableFromIPC(readParquet(await readFile(file)).intoIPCStream());
  const names = table.schema.fields.map(({ name }) => name);
  const rows = Array.from({ length: table.numRows }, (_, index) =>
    Object.fromEntries(
      table.schema.fields.map(({ name, type }, column) => [
        name,
        plain(table.getChildAt(column)?.get(index), String(type)),
      ]),
    ),
  );
  return { names, rows, table };
}

function plain(value: unknown, type: string): Value {
  if (value === null || value === undefined) return null;
  if (type.startsWith("Decimal")) return wide(value as Uint32Array);
  if (type.startsWith("Timestamp")) return new Date(Number(value));
  return typeof value === "bigint" ? value : String(value);
}

/** A two's complement of four words, the lowest first. */
function wide(words: Uint32Array): bigint {
  const whole = [...words].reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  return BigInt.asIntN(128, whole);
}

const sum = (rows: Record<string, Value>[], name: string): bigint =>
  rows.reduce((total, row) => total + ((row[name] as bigint | null) ?? 0n), 0n);

describe("a month as a Parquet file", () => {
  it("has FOCUS's mandatory columns, and never nothing where FOCUS wants a value", async () => {
    const { names, rows } = await readBack(await exportTo("focus.parquet"));
    assert.deepEqual(
      MANDATORY.filter((name) => !names.includes(name)),
      [],
    );
    assert.deepEqual(
      names.filter((name) => AI.includes(name)),
      [],
    );
    assert.ok(rows.length > 1_500, `${rows.length} rows, more than a page has`);
    for (const name of NEVER_NULL)
      assert.ok(
        rows.every((row) => row[name] !== null),
        name,
      );
    for (const row of rows) {
      assert.equal((row.BillingPeriodStart as Date).toISOString(), "2024-11-01T00:00:00.000Z");
      assert.equal((row.BillingPeriodEnd as Date).toISOString(), "2024-12-01T00:00:00.000Z");
      const [start, end] = [row.ChargePeriodStart as Date, row.ChargePeriodEnd as Date];
      assert.equal(end.getTime() - start.getTime(), 86_400_000);
      assert.equal(row.ChargeClass === "Correction", start < (row.BillingPeriodStart as Date));
    }
  });

  it("keeps the cost identities to the last digit, and adds up to the books", async () => {
    const { rows } = await readBack(await exportTo("identities.parquet"));
    for (const row of rows) {
      for (const cost of ["EffectiveCost", "ContractedCost", "ListCost"]) assert.equal(row[cost], row.BilledCost);
      assert.equal(row.ListUnitPrice, row.ContractedUnitPrice);
      if (row.ListUnitPrice === null) {
        assert.equal(row.ChargeCategory, "Adjustment");
        continue;
      }
      const product = (row.ListUnitPrice as bigint) * (row.PricingQuantity as bigint);
      assert.equal(product, (row.ListCost as bigint) * 10n ** BigInt(SCALE));
    }
    const finance = await connectOnce(stack.ownerUrl, "test-owner");
    const { rows: booked } = await finance.query(
      `SELECT trim_scale(sum(cost_usd) * 1000000000000)::text AS pico FROM finance.cost_by_day
       WHERE accounting_month = '2024-11-01' AND NOT simulated`,
    );
    await finance.end();
    assert.equal(sum(rows, "BilledCost"), BigInt(booked[0].pico));
  });

  it("has the columns for tokens behind their flag, and they count what the rows do", async () => {
    const { names, rows } = await readBack(await exportTo("ai.parquet", "--ai-columns"));
    assert.deepEqual(
      AI.filter((name) => !names.includes(name)),
      [],
    );
    const used = (action: string | null, direction: string) =>
      rows
        .filter((row) => row.x_TokenCacheAction === action && row.x_TokenDirection === direction)
        .reduce((total, row) => total + (row.x_TokenCount as bigint), 0n);
    assert.deepEqual(
      [used("Read", "Input"), used("Write", "Input"), used("Uncached", "Input"), used(null, "Output")],
      [251n * 333n, 251n * 18n, 251n * 649n, 251n * 90n],
    );
    assert.equal(sum(rows, "x_RequestCount"), 251n);
    assert.ok(rows.every((row) => row.x_ModelId === "big" || row.ChargeCategory === "Adjustment"));
  });
});

describe("a month as a CSV file", () => {
  it("says the same, field by field", async () => {
    const csv = parseCsv(await readFile(await exportTo("focus.csv", "--ai-columns"), "utf8"));
    const { names, rows } = await readBack(await exportTo("same.parquet", "--ai-columns"));
    assert.deepEqual(csv[0], names);
    assert.equal(csv.length - 1, rows.length);
    const texts = rows.map((row) => names.map((name) => textOf(name, row[name] ?? null)));
    assert.deepEqual(csv.slice(1), texts);
    assert.ok(csv.some((line) => line.includes('Care, "first"\nline')));
  });
});

const INTEGERS = new Set(["x_RouteVersion", "x_Attempts", "x_TokenCount", "x_RequestCount"]);

/** A value as it stands in CSV. */
function textOf(name: string, value: Value): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
  if (typeof value === "string" || INTEGERS.has(name)) return String(value);
  const digits = (value < 0n ? -value : value).toString().padStart(SCALE + 1, "0");
  const fraction = digits.slice(-SCALE).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -SCALE)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** RFC 4180; not the code that writes it. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let fields: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n"]*))(,|\n)/g)) {
    fields.push(quoted === undefined ? (bare ?? "") : quoted.replaceAll('""', '"'));
    if (end !== "\n") continue;
    lines.push(fields);
    fields = [];
  }
  return lines;
}

describe("an export", () => {
  it("of a month without usage is refused, because not every reader takes a file without rows", async () => {
    for (const name of ["empty.csv", "empty.parquet"]) {
      const none = await waybill(1, "focus", "export", "--month", "2023-01", "--out", join(folder.path, name));
      assert.match(none.stderr, /Nothing real with a price is booked in 2023-01/);
    }
  });

  it("that cannot be made leaves no file, and says why", async () => {
    const wrong = await waybill(2, "focus", "export", "--month", MONTH, "--out", join(folder.path, "x.txt"));
    assert.match(wrong.stderr, /--format/);
    const refused = await adminOf(stack)("GET", "/api/v1/focus?month=2024-13");
    assert.deepEqual([refused.status, refused.body.error.param], [400, "month"]);
    assert.deepEqual(
      (await readdir(folder.path)).filter((name) => /x\.txt|empty|part$/.test(name)),
      [],
    );
  });

  it("by a key of an organisation has that one alone", async () => {
    const key = await adminOf(stack)("POST", "/api/v1/admin-keys?organisation=acme", { name: "ours", role: "finance" });
    const other = await adminOf(stack)("POST", "/api/v1/organisations", { id: "globex", name: "Globex" });
    assert.ok(other.status < 300 && key.status < 300);
    const theirs = await adminOf(stack)("POST", "/api/v1/admin-keys?organisation=globex", {
      name: "theirs",
      role: "finance",
    });
    const linesFor = async ({ body }: typeof key): Promise<number> => {
      const url = `${stack.adminUrl}/api/v1/focus?month=${MONTH}`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${body.secretKey}` } });
      return answer.status === 404 ? 0 : parseCsv(await answer.text()).length;
    };
    assert.ok((await linesFor(key)) > 1_500);
    assert.equal(await linesFor(theirs), 0);
  });
});
