// Invoices beside the books on a real database: imported once, superseded, compared with the cause of each difference, and trued up.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { formatUsd, parseUsd, WaybillError } from "@waybill/domain";
import { connectOnce, openPool, type Pool, sqlState } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";
import type { ReconciliationRow } from "@waybill/wire";
import { approveTrueUps } from "./approve-true-ups.ts";
import { planEntries } from "./core/plan-entries.ts";
import { sampleFact, sampleRequest } from "./core/sample-fact.test.ts";
import type { UsageFact } from "./core/usage-fact.ts";
import { importInvoice } from "./import-invoice.ts";
import { readInvoiceFile } from "./inbound/invoices/read-invoice-file.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import { type PostgresInvoices, postgresInvoices } from "./outbound/postgres-invoices.ts";
import { type PostgresReconciliation, postgresReconciliation } from "./outbound/postgres-reconciliation.ts";
import type { Books } from "./ports.ts";

let database: TestDatabase;
let owner: Awaited<ReturnType<typeof connectOnce>>;
let pool: Pool;
let books: Books;
let invoices: PostgresInvoices;
let reconciliation: PostgresReconciliation;

before(async () => {
  database = await startTestDatabase({ migrations: [migrationsOf("ledger")] });
  owner = await connectOnce(database.ownerUrl, "test-owner");
  pool = openPool({ url: database.urlAs("waybill_ledger"), applicationName: "test", connectionsMax: 4 });
  books = postgresBooks(pool);
  invoices = postgresInvoices(pool);
  reconciliation = postgresReconciliation(pool);
});
beforeEach(async () => {
  await owner.query(
    `TRUNCATE ledger.usage_record, ledger.entry, ledger.usage_hour, ledger.usage_day, ledger.closed_month, ledger.invoice,
       ledger.invoice_line, ledger.superseded_invoice, ledger.invoice_name, ledger.true_up_approval, ledger.true_up`,
  );
});
after(async () => {
  await pool.end();
  await owner.end();
  await database.stop();
});

/** Sample facts are of 2024-11-15; a day is this much more. */
const DAY_MS = 86_400_000;
let index = 0;
const REAL = {
  provider: "openai",
  providerAccount: "main",
  simulated: false,
  upstreamModel: "gpt-4o",
  model: "gpt-4o",
};

/** An attempt of a real provider, so many days after 2024-11-15; it costs what `sampleFact` costs, 0.0015 USD. */
function attempt(dayOffset: number, changes: Partial<UsageFact> = {}): UsageFact {
  index += 1;
  return sampleFact({ ...REAL, ...sampleRequest(dayOffset * DAY_MS + index), ...changes });
}

async function book(...facts: UsageFact[]): Promise<void> {
  await books.openMonths(facts);
  await books.transact(async (open) => open.add(planEntries(await open.recordsOf(facts), facts)));
}

const SECONDS_2024_11_15 = 1_731_628_800;
/** A row of OpenAI's costs. */
function cost(dayOffset: number, usd: string, model = "gpt-4o-2024-08-06", account = "main", quantity = ""): string {
  const start = SECONDS_2024_11_15 + dayOffset * 86_400;
  return `${start},${start + 86_400},${usd},usd,"${model}, input",${account},${quantity}`;
}
const costs = (...rows: string[]): string =>
  ["start_time,end_time,amount_value,amount_currency,line_item,project_id,quantity", ...rows].join("\n");

/** A row of a FOCUS file, which has an amount and tokens of each kind. */
function focusRow(dayOffset: number, kind: string, tokens: number, usd: string, model = "gpt-4o"): string {
  const day = new Date((SECONDS_2024_11_15 + dayOffset * 86_400) * 1_000).toISOString();
  return `${day},${usd},USD,Usage,main,${tokens},Tokens,${kind} of ${model}`;
}
const focusFile = (...rows: string[]): string =>
  [
    "ChargePeriodStart,BilledCost,BillingCurrency,ChargeCategory,SubAccountId,ConsumedQuantity,ConsumedUnit,SkuMeter",
    ...rows,
  ].join("\n");
/** The tokens of `count` sample attempts, each kind at that price. */
const sampleUsage = (count: number, [plain, cached, output]: readonly [string, string, string]): string =>
  focusFile(
    focusRow(0, "Input Tokens", 60 * count, plain),
    focusRow(0, "Cache Read Input Tokens", 40 * count, cached),
    focusRow(0, "Output Tokens", 20 * count, output),
  );

interface Further {
  format?: string;
  supersedes?: string[];
  account?: string;
}

async function take(text: string, { format = "openai", supersedes = [], account }: Further = {}) {
  return importInvoice(
    { transact: invoices.transact, makeId: randomUUID },
    {
      ...{
        provider: "openai",
        format,
        fileName: "costs.csv",
        parsed: readInvoiceFile(format, text),
        supersedes,
        account,
      },
      ...{ fileSha256: createHash("sha256").update(text).digest(), by: "Ada", reason: "October" },
    },
  );
}

const ALL = { provider: "openai", fromDay: "2024-11-01", untilDay: "2024-12-31", causes: [] as string[] };
const compare = () => reconciliation.compare({ ...ALL, differencesOnly: false, limit: 100 });
const usd = (pico: string | undefined): string => (pico === undefined ? "-" : formatUsd(BigInt(pico)));
const rowText = ({ day, account, model, cause, ...row }: ReconciliationRow): string =>
  [
    ...[day, account || "-", model || "-", usd(row.invoicedPicoUsd), usd(row.bookedPicoUsd), usd(row.truedUpPicoUsd)],
    ...[usd(row.differencePicoUsd), cause || "-"],
  ].join(" ");
const compared = async (): Promise<string[]> => (await compare()).rows.map(rowText);
const causes = async (): Promise<string[]> => (await compare()).rows.map(({ cause }) => cause);
const isError = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof WaybillError && error.code === code && message.test(error.publicMessage);

describe("importing", () => {
  test("the same file twice is one import, and every line is there as the file has it", async () => {
    const text = costs(cost(0, "0.0015"), cost(1, "0.25", "evals | gpt-4o-2024-08-06"));
    const first = await take(text);
    assert.deepEqual(await take(text), { id: first.id, wasThere: true });
    const [invoice, ...others] = await invoices.list("openai", 10);
    assert.deepEqual(
      [
        others.length,
        invoice?.fromDay,
        invoice?.untilDay,
        invoice?.lines,
        usd(invoice?.usagePicoUsd),
        invoice?.importedBy,
      ],
      [0, "2024-11-15", "2024-11-16", 2n, "0.2515", "Ada"],
    );
    assert.deepEqual(
      (await invoices.lines(first.id, 0, 10)).map(({ number, fileLine, day, account, model, kind, ...line }) => [
        ...[number, fileLine, day, account, model, kind, line.quantity, usd(line.amountPicoUsd)],
      ]),
      [
        [1, 2, "2024-11-15", "main", "gpt-4o-2024-08-06", "input", undefined, "0.0015"],
        [2, 3, "2024-11-16", "main", "evals | gpt-4o-2024-08-06", "input", undefined, "0.25"],
      ],
    );
  });

  test("a newer file of the same days takes the place of the older one only when that is said", async () => {
    const old = await take(costs(cost(0, "1"), cost(1, "1")));
    const newer = costs(cost(0, "2"), cost(1, "3"));
    await assert.rejects(take(newer), isError("already_exists", /2024-11-15 of main is in invoice/));
    assert.equal((await invoices.list("openai", 10)).length, 1, "nothing of it is left");
    await assert.rejects(take(newer, { supersedes: [randomUUID()] }), isError("invalid_value", /no invoice of openai/));
    await assert.rejects(
      take(costs(cost(0, "2")), { supersedes: [old.id] }),
      isError("invalid_value", /covers 2024-11-15 to 2024-11-16, this file only 2024-11-15 to 2024-11-15/),
    );
    const { id } = await take(newer, { supersedes: [old.id] });
    assert.deepEqual((await compare()).total?.invoicedPicoUsd, parseUsd("5").toString());
    assert.deepEqual(
      (await invoices.list("", 10)).map((invoice) => [invoice.id, invoice.supersededBy]),
      [
        [id, ""],
        [old.id, id],
      ],
    );
    await assert.rejects(take(costs(cost(0, "4")), { supersedes: [old.id] }), isError("invalid_value", /that holds/));
  });

  test("other accounts of the same days, and usage beside costs, are no overlap", async () => {
    await take(costs(cost(0, "1")));
    await take(costs(cost(0, "1", "gpt-4o", "other")));
    const usage = `start_time,end_time,project_id,model,input_tokens,output_tokens\n${SECONDS_2024_11_15},${SECONDS_2024_11_15 + 86_400},main,gpt-4o,5,6\n`;
    await take(usage);
    assert.equal((await invoices.list("", 10)).length, 3);
    await assert.rejects(take(`${usage}\n`), isError("already_exists", /in invoice/));
  });

  test("two that import at the same time cannot both be of the same day", async () => {
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((amount) => take(costs(cost(0, String(amount))))));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  });

  test("the service cannot change what was imported, and finance sees it only in its views", async () => {
    await take(costs(cost(0, "1")));
    for (const table of ["invoice", "invoice_line", "true_up"]) {
      await assert.rejects(pool.query(`DELETE FROM ledger.${table}`), (error) => sqlState(error) === "42501", table);
    }
    const finance = await connectOnce(database.urlAs("finance_reader"), "test-finance");
    try {
      const { rows } = await finance.query("SELECT day::text, model, amount_usd::text FROM finance.invoice_lines");
      assert.deepEqual(rows, [{ day: "2024-11-15", model: "gpt-4o-2024-08-06", amount_usd: "1" }]);
      const compared = await finance.query(
        "SELECT provider, day::text, cause, difference_usd::text FROM finance.reconciliation WHERE month = '2024-11-01'",
      );
      assert.deepEqual(compared.rows, [
        { provider: "openai", day: "2024-11-15", cause: "not_through_waybill", difference_usd: "1" },
      ]);
      await assert.rejects(finance.query("SELECT FROM ledger.invoice"), (error) => sqlState(error) === "42501");
    } finally {
      await finance.end();
    }
  });
});

describe("comparing", () => {
  test("what agrees has no cause; a snapshot's name is the model on the books", async () => {
    await book(attempt(0), attempt(0));
    await take(costs(cost(0, "0.003")));
    assert.deepEqual(await compared(), ["2024-11-15 main gpt-4o 0.003 0.003 0 0 -"]);
  });

  test("names that only somebody can know are mapped, also for what was imported before", async () => {
    await book(attempt(0));
    await take(costs(cost(0, "0.0015", "deployment-7", "proj_x")));
    assert.deepEqual(await compared(), [
      "2024-11-15 main gpt-4o 0 0.0015 0 -0.0015 not_invoiced",
      "2024-11-15 proj_x deployment-7 0.0015 0 0 0.0015 not_through_waybill",
    ]);
    const common = { provider: "openai", by: "Ada", reason: "as configured" };
    await invoices.setName({ ...common, names: "account", invoiced: "proj_x", booked: "main" });
    assert.deepEqual(await causes(), ["other_model", "other_model"]);
    await invoices.setName({ ...common, names: "model", invoiced: "deployment-7", booked: "wrong" });
    await invoices.setName({ ...common, names: "model", invoiced: "deployment-7", booked: "gpt-4o" });
    assert.deepEqual(await compared(), ["2024-11-15 main gpt-4o 0.0015 0.0015 0 0 -"]);
  });

  test("a file for one account can be said to be it while it is imported", async () => {
    await book(attempt(0));
    await take(costs(cost(0, "0.0015", "gpt-4o", "proj_x")), { account: "main" });
    assert.deepEqual(await compared(), ["2024-11-15 main gpt-4o 0.0015 0.0015 0 0 -"]);
  });

  test("a file of days alone is compared by day", async () => {
    await book(attempt(0), attempt(0, { upstreamModel: "o3", model: "o3", providerAccount: "second" }));
    const start = SECONDS_2024_11_15;
    await take(`start_time,end_time,amount_value,amount_currency\n${start},${start + 86_400},0.003,usd\n`);
    assert.deepEqual(await compared(), ["2024-11-15 - - 0.003 0.003 0 0 -"]);
  });

  test("two snapshots of one family on the books are not guessed between", async () => {
    await book(attempt(0, { upstreamModel: "gpt-4o-2024-05-13" }), attempt(0, { upstreamModel: "gpt-4o-2024-08-06" }));
    await take(costs(cost(0, "0.0015", "gpt-4o-2024-08-06"), cost(0, "0.0015", "gpt-4o")));
    assert.deepEqual(
      (await compare()).rows.map(({ model }) => model),
      ["gpt-4o", "gpt-4o-2024-05-13", "gpt-4o-2024-08-06"],
    );
  });

  test("days that are cut at another hour", async () => {
    await book(...[0, 0, 0, 1, 2].map((day) => attempt(day)));
    await take(costs(cost(0, "0.003"), cost(1, "0.003"), cost(2, "0.0015")));
    assert.deepEqual(await causes(), ["day_shift", "day_shift", ""]);
    assert.match((await compare()).rows[0]?.explanation ?? "", /2024-11-15 to 2024-11-16 cancel out/);
  });

  test("an account that has another name", async () => {
    await book(attempt(0), attempt(0, { providerAccount: "second" }));
    await take(costs(cost(0, "0.003", "gpt-4o", "main"), cost(0, "0", "gpt-4o", "second")));
    assert.deepEqual(await causes(), ["other_account", "other_account"]);
  });

  test("attempts without a price", async () => {
    await book(attempt(0), attempt(0, { priced: false, costPicoUsd: 0n, price: undefined }));
    await take(costs(cost(0, "0.003")));
    assert.deepEqual(await causes(), ["unpriced"]);
  });

  test("the worst case of an attempt that was lost", async () => {
    const lost = {
      source: "lost",
      outcome: "unknown",
      tokenSource: "worst_case",
      costPicoUsd: parseUsd("0.5"),
    } as const;
    await book(attempt(0), attempt(0, lost));
    await take(costs(cost(0, "0.0025")));
    assert.deepEqual(await compared(), ["2024-11-15 main gpt-4o 0.0025 0.5015 0 -0.499 worst_case"]);
  });

  test("failed attempts that the provider does not charge", async () => {
    await book(attempt(0), attempt(0, { outcome: "failed_billed" }));
    await take(costs(cost(0, "0.0015")));
    assert.deepEqual(await causes(), ["failed_attempts"]);
  });

  test("tokens that the provider counted itself, and we estimated", async () => {
    await book(attempt(0), attempt(0, { tokenSource: "estimated" }));
    await take(costs(cost(0, "0.0035")));
    assert.deepEqual(await causes(), ["estimated"]);
  });

  test("another price for the same tokens", async () => {
    await book(attempt(0), attempt(0));
    await take(sampleUsage(2, ["0.0009", "0.0004", "0.0011"]), { format: "focus" });
    assert.deepEqual(await compared(), ["2024-11-15 main gpt-4o 0.0024 0.003 0 -0.0006 price"]);
    assert.match((await compare()).rows[0]?.explanation ?? "", /at 0.8 times the price on the books/);
  });

  test("the discount for cached tokens, with and without counts of them", async () => {
    await book(attempt(0));
    await take(focusFile(focusRow(0, "Input Tokens", 100, "0.0015"), focusRow(0, "Output Tokens", 20, "0.0004")), {
      format: "focus",
    });
    assert.deepEqual(await causes(), ["cached_discount"]);
    assert.match((await compare()).rows[0]?.explanation ?? "", /^0 cached tokens are invoiced, 40 are booked/);
    await owner.query("TRUNCATE ledger.invoice CASCADE");
    // 40 cached tokens at 15 instead of 5 USD per million.
    await take(costs(cost(0, "0.0019")));
    assert.deepEqual(await causes(), ["cached_discount"]);
  });

  test("usage that did not go through Waybill", async () => {
    await book(attempt(0));
    await take(focusFile(focusRow(0, "Input Tokens", 5_100, "0.01"), focusRow(0, "Output Tokens", 20, "0.0004")), {
      format: "focus",
    });
    assert.deepEqual(await causes(), ["not_through_waybill"]);
    assert.match((await compare()).rows[0]?.explanation ?? "", /^5000 input and 0 output tokens/);
  });

  test("what is not invoiced, and what is not invoiced yet", async () => {
    const today = Math.floor(Date.now() / DAY_MS) - Math.floor(SECONDS_2024_11_15 / 86_400);
    await book(attempt(0), attempt(today));
    await take(costs(cost(0, "0.7", "another")));
    await take(costs(cost(today, "0.7", "another")));
    const ever = { ...ALL, untilDay: "2099-01-01", differencesOnly: true, limit: 100 };
    assert.deepEqual(
      (await reconciliation.compare(ever)).rows.map(({ model, cause }) => [model, cause]),
      [
        ["another", "not_through_waybill"],
        ["gpt-4o", "not_invoiced"],
        ["another", "not_through_waybill"],
        ["gpt-4o", "incomplete"],
      ],
    );
  });

  test("rounding is what the file itself rounds to, for each line", async () => {
    await book(attempt(0), attempt(1));
    await take(costs(cost(0, "0.0014"), cost(1, "0.0012")));
    assert.deepEqual(await causes(), ["rounding", "unexplained"]);
  });

  test("credits and taxes stand apart and change no difference", async () => {
    await book(attempt(0));
    const day = "2024-11-15T00:00:00Z";
    await take(
      `${focusFile(focusRow(0, "Input Tokens", 100, "0.0015"))}\n${day},-0.4,USD,Credit,main,,,Promotion\n${day},0.1,USD,Tax,main,,,VAT\n`,
      { format: "focus" },
    );
    const { rows, total } = await compare();
    assert.deepEqual(rows.map(rowText), [
      "2024-11-15 main - 0 0 0 0 credit_or_tax",
      "2024-11-15 main gpt-4o 0.0015 0.0015 0 0 -",
    ]);
    assert.deepEqual([usd(rows[0]?.creditPicoUsd), usd(rows[0]?.taxPicoUsd)], ["-0.4", "0.1"]);
    assert.equal(total?.differencePicoUsd, "0");
  });

  test("a file of usage alone compares tokens and no money", async () => {
    await book(attempt(0));
    const start = SECONDS_2024_11_15;
    await take(
      `start_time,end_time,project_id,model,input_tokens,input_cached_tokens,output_tokens\n${start},${start + 86_400},main,gpt-4o,100,40,20\n`,
    );
    const [row] = (await compare()).rows;
    assert.deepEqual(
      [row?.differencePicoUsd, row?.cause, row?.invoicedInputTokens, row?.bookedInputTokens, row?.invoicedOutputTokens],
      [undefined, "", 100n, 100n, 20n],
    );
  });

  test("a week of every cause: what is invoiced, booked and differs adds up, whatever it is grouped by", async () => {
    await book(...[0, 0, 1, 2, 3, 4].map((day) => attempt(day)), attempt(2, { providerAccount: "second" }));
    await take(costs(...[0, 1, 2, 3, 4, 5].map((day) => cost(day, `0.00${day}1`))));
    const { rows, byCause, total } = await compare();
    const sum = (amounts: (string | undefined)[]): bigint => amounts.reduce((all, one) => all + BigInt(one ?? 0), 0n);
    for (const part of [rows, byCause]) {
      assert.equal(sum(part.map((row) => row.invoicedPicoUsd)), BigInt(total?.invoicedPicoUsd ?? -1));
      assert.equal(sum(part.map((row) => row.bookedPicoUsd)), BigInt(total?.bookedPicoUsd ?? -1));
      assert.equal(sum(part.map((row) => row.differencePicoUsd)), BigInt(total?.differencePicoUsd ?? -1));
    }
    assert.equal(
      BigInt(total?.differencePicoUsd ?? 0),
      BigInt(total?.invoicedPicoUsd ?? 0) - BigInt(total?.bookedPicoUsd ?? 0),
    );
  });
});

describe("true-ups", () => {
  const approve = (differenceUsd: string, further: Partial<typeof ALL> & { reason?: string } = {}) =>
    approveTrueUps(
      { whileNobodyBooks: reconciliation.whileNobodyBooks, makeId: randomUUID },
      { ...ALL, differencePicoUsd: parseUsd(differenceUsd), by: "Ada", reason: "agreed", ...further },
    );

  test("what is approved is trued up once, and invoiced is booked and trued up afterwards", async () => {
    await book(attempt(0), attempt(1));
    await take(costs(cost(0, "0.0035"), cost(1, "0.0015"), cost(1, "0.25", "evals | gpt-4o")));
    await assert.rejects(approve("0.2"), isError("in_use", /The difference is 0.252 USD, not 0.2/));
    await assert.rejects(approve("0.252", { reason: " " }), isError("invalid_value", /why/));
    const { trueUps } = await approve("0.252");
    assert.deepEqual(
      trueUps.map(({ day, model, amountPicoUsd, accountingMonth }) => [
        day,
        model,
        formatUsd(amountPicoUsd),
        accountingMonth,
      ]),
      [
        ["2024-11-15", "gpt-4o", "0.002", "2024-11-01"],
        ["2024-11-16", "evals | gpt-4o", "0.25", "2024-11-01"],
      ],
    );
    assert.deepEqual(await compared(), [
      "2024-11-15 main gpt-4o 0.0035 0.0015 0.002 0 not_through_waybill",
      "2024-11-16 main evals | gpt-4o 0.25 0 0.25 0 not_through_waybill",
      "2024-11-16 main gpt-4o 0.0015 0.0015 0 0 -",
    ]);
    await assert.rejects(approve("0.252"), isError("not_found", /Nothing differs/));
  });

  test("a closed month does not change: its true-ups are of the first that is open, and no other view of finance knows them", async () => {
    await book(attempt(0));
    const before = await owner.query("SELECT * FROM finance.month_statement");
    await owner.query(
      `INSERT INTO ledger.closed_month (month, closed_by, reason, requests, attempts, unpriced_attempts, cost_usd)
       VALUES ('2024-11-01', 'Ada', 'sent', 1, 1, 0, 0.0015)`,
    );
    await take(costs(cost(0, "0.0010")));
    await approve("-0.0005");
    const { rows } = await owner.query(
      `SELECT accounting_month::text, day::text, amount_usd::text, debit_account, credit_account, approved_by, reason FROM finance.true_ups`,
    );
    assert.deepEqual(rows, [
      {
        ...{ accounting_month: "2024-12-01", day: "2024-11-15", amount_usd: "-0.0005" },
        ...{ debit_account: "true_up:openai", credit_account: "payable:openai", approved_by: "Ada", reason: "agreed" },
      },
    ]);
    const after = await owner.query("SELECT * FROM finance.month_statement");
    assert.deepEqual(
      after.rows.map(({ cost_usd, accounting_month }) => [cost_usd, accounting_month]),
      before.rows.map(({ cost_usd, accounting_month }) => [cost_usd, accounting_month]),
    );
    assert.deepEqual((await owner.query("SELECT * FROM ledger.problem")).rows, []);
  });

  test("what the books learn after a true-up is a difference again", async () => {
    await book(attempt(0));
    await take(costs(cost(0, "0.0030")));
    await approve("0.0015");
    await book(attempt(0));
    assert.deepEqual(
      (await compared()).map((row) => row.split(" ").slice(3, 7)),
      [["0.003", "0.003", "0.0015", "-0.0015"]],
    );
    await approve("-0.0015");
    assert.equal((await compare()).total?.truedUpPicoUsd, "0");
  });

  test("only some causes can be approved, and two that approve at once do it once", async () => {
    await book(attempt(0), attempt(2));
    await take(costs(cost(0, "0.5"), cost(2, "0.0014")));
    const both = await Promise.allSettled([1, 2].map(() => approve("0.4985", { causes: ["not_through_waybill"] })));
    assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal(usd((await compare()).total?.differencePicoUsd), "-0.0001");
  });
});
