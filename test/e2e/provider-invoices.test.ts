// A provider's invoice beside the books, on a whole stack: clients ask, the provider's export for those days has one deliberate variance of
// each kind, and `waybill invoices compare` names the likely cause of each. What is approved is trued up, once, and closed months stay.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connectBus, Publisher } from "@waybill/bus";
import { formatUsd, parseUsd } from "@waybill/domain";
import { eventually, makeTestFolder, type Script, type TestFolder } from "@waybill/testing";
import { subjects, UsageRecord } from "@waybill/wire";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** Each has a cause of its own. The price is 1 USD per million tokens of input, 0.1 cached, and 4 of output. */
const MODELS = ["agrees", "price", "discounted", "extra", "cut", "pending", "deployed", "rounded", "moved"] as const;
const model = (name: string): string =>
  `{name: scripted-${name}, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", cachedInput: "0.1", output: "4"}}`;
const waybillYaml = (url: string): string =>
  [
    "providers:",
    `  - {id: vendor, dialect: openai-compatible, baseUrl: "${url}", allowPrivateAddress: true, models: [${MODELS.map(model).join(", ")}]}`,
    "aliases: {better: vendor/scripted-agrees, cheaper: vendor/scripted-agrees}",
  ].join("\n");

interface Row {
  day: string;
  account: string | null;
  model: string | null;
  invoicedUsd: string | null;
  bookedUsd: string;
  truedUpUsd: string;
  differenceUsd: string | null;
  cause: string | null;
  explanation: string | null;
}
interface Comparison {
  rows: Row[];
  byCause: { cause: string | null; differenceUsd: string }[];
  total: { invoicedUsd: string; bookedUsd: string; truedUpUsd: string; differenceUsd: string; rows: number };
}

let stack: TestStack;
let folder: TestFolder;

before(async () => {
  [stack, folder] = await Promise.all([
    startStack({ replicas: { console: 1 }, waybillYaml }),
    makeTestFolder("invoices"),
  ]);
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);
const asJson = async <T>(code: number, ...args: string[]): Promise<T> =>
  JSON.parse((await waybill(code, ...args, "--json")).stdout) as T;

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const dayAgo = (days: number): string => new Date(NOW_MS - days * DAY_MS).toISOString().slice(0, 10);
const [TODAY, PERIOD] = [dayAgo(0), ["--provider", "vendor", "--from", dayAgo(9), "--until", dayAgo(0)]];

/** A whole answer with exactly these tokens. */
async function call(name: string, script: Script = { inputTokens: 1_000, outputTokens: 100 }): Promise<void> {
  const answer = await ask(stack, { model: `vendor/scripted-${name}`, script });
  const text = await answer.text().catch(() => "");
  assert.ok(answer.status === 200 || script.fault, text);
}

/** Records of a worker that was away since then. */
async function deliverLate(
  records: readonly { days: number; changes: Parameters<typeof UsageRecord.fromPartial>[0] }[],
): Promise<void> {
  const nc = await connectBus({
    ...{ url: stack.nats.url, ...stack.nats.credentials("operator"), service: "worker", name: "late" },
    ...{ onConnected: () => {}, onProblem: () => {} },
  });
  const publisher = new Publisher(nc);
  for (const { days, changes } of records) {
    const rest = randomBytes(10).toString("hex");
    // Noon of that day.
    const time = (Math.floor(NOW_MS / DAY_MS - days) * DAY_MS + DAY_MS / 2).toString(16).padStart(12, "0");
    const requestId = `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
    const source = changes?.source ?? 1;
    const record = UsageRecord.fromPartial({
      ...{
        recordId: `${requestId}.1:${source === 1 ? "worker" : "lost"}`,
        attemptId: `${requestId}.1`,
        requestId,
        attempt: 1,
        source,
      },
      ...{
        outcome: 1,
        tokenSource: 1,
        attribution: { organisationId: "acme", teamId: "support" },
        price: { version: "old" },
      },
      ...{ costPicoUsd: 250_000_000_000n, costKnown: true, account: "default" },
      ...changes,
    });
    const data = UsageRecord.encode(record).finish();
    const stored = await publisher.publish({
      subject: subjects.usage("acme"),
      data,
      id: record.recordId,
      timeoutMs: 5_000,
    });
    assert.equal(stored.kind, "stored");
  }
  await nc.close();
}

/** A row of the vendor's FOCUS export. */
const line = (day: string, of: string, kind: string, tokens: number, usd: string, account = "default"): string =>
  `${day}T00:00:00Z,${usd},USD,Usage,${account},${tokens},Tokens,${kind} Tokens of ${of}`;
const HEADER =
  "ChargePeriodStart,BilledCost,BillingCurrency,ChargeCategory,SubAccountId,ConsumedQuantity,ConsumedUnit,SkuMeter";
/** 1,000 tokens of input and 100 of output, as most calls have. */
const plain = (day: string, of: string, account?: string): string[] => [
  line(day, of, "Input", 1_000, "0.001", account),
  line(day, of, "Output", 100, "0.0004", account),
];

const at = (of: string) => ({ target: { provider: "vendor", model: of, upstreamModel: of, simulated: true } });
/** What a lost attempt is booked with until somebody knows: RecordSource, AttemptOutcome and TokenSource of proto/waybill/v1/usage.proto. */
const LOST = { source: 4, outcome: 5, tokenSource: 4, costPicoUsd: 250_000_000_000n } as const;

describe("a provider's invoice beside the books", () => {
  it("names the likely cause of each difference", async () => {
    for (const name of ["agrees", "price", "extra", "moved"]) await call(name);
    await call("discounted", { inputTokens: 1_000, cachedInputTokens: 500, outputTokens: 100 });
    await call("pending", { inputTokens: 2_000, outputTokens: 100 });
    await call("deployed", { inputTokens: 3_000, outputTokens: 100 });
    await call("rounded", { inputTokens: 1_003, outputTokens: 100 });
    await call("cut", { inputTokens: 1_000, outputTokens: 100, fault: { kind: "cut_after", chunk: 2 } });
    await deliverLate([
      ...[5, 5, 4].map((days) => ({ days, changes: at("scripted-shifted") })),
      { days: 7, changes: at("scripted-forgotten") },
      { days: 7, changes: { ...at("scripted-new"), costKnown: false, costPicoUsd: 0n } },
      { days: 7, changes: { ...at("scripted-lost"), ...LOST } },
      { days: 7, changes: { ...at("scripted-counted"), tokenSource: 3 } },
    ]);
    const booked = 9 + 7;
    await eventually(async () => (await stack.sql("SELECT FROM ledger.attempt")).length === booked, {
      timeoutMs: 15_000,
      intervalMs: 100,
      reason: `${booked} attempts are booked`,
    });

    const file = [
      HEADER,
      ...plain(TODAY, "scripted-agrees-2026-08-06"),
      line(TODAY, "scripted-price", "Input", 1_000, "0.0008"),
      line(TODAY, "scripted-price", "Output", 100, "0.00032"),
      ...plain(TODAY, "scripted-discounted"),
      line(TODAY, "scripted-extra", "Input", 51_000, "0.051"),
      line(TODAY, "scripted-extra", "Output", 100, "0.0004"),
      line(TODAY, "scripted-stranger", "Input", 10_000, "0.7"),
      line(TODAY, "deployment-nine", "Input", 3_000, "0.003"),
      line(TODAY, "deployment-nine", "Output", 100, "0.0004"),
      ...plain(TODAY, "scripted-moved", "proj-elsewhere"),
      line(TODAY, "scripted-rounded", "Input", 1_003, "0.001"),
      line(TODAY, "scripted-rounded", "Output", 100, "0.000402"),
      line(dayAgo(5), "scripted-shifted", "Input", 0, "0.25"),
      line(dayAgo(4), "scripted-shifted", "Input", 0, "0.5"),
      line(dayAgo(7), "scripted-new", "Input", 0, "0.03"),
      line(dayAgo(7), "scripted-lost", "Input", 0, "0.03"),
      line(dayAgo(7), "scripted-counted", "Input", 1, "0.24"),
      `${dayAgo(7)}T00:00:00Z,-0.1,USD,Credit,default,,,Promotion`,
    ].join("\n");
    const path = join(folder.path, "vendor.csv");
    await writeFile(path, file);
    const imported = await waybill(0, "invoices", "import", path, "--provider", "vendor", "--format", "focus");
    assert.match(imported.stdout, /next: waybill invoices compare --provider vendor/);
    assert.match(
      (await waybill(0, "invoices", "import", path, "--provider", "vendor", "--format", "focus")).stderr,
      /imported before/,
    );

    const found = await asJson<Comparison>(3, "invoices", "compare", ...PERIOD, "--all");
    const causeOf = Object.fromEntries(found.rows.map((row) => [`${row.account} ${row.model} ${row.day}`, row.cause]));
    assert.deepEqual(causeOf, {
      [`default scripted-agrees ${TODAY}`]: null,
      [`default scripted-price ${TODAY}`]: "price",
      [`default scripted-discounted ${TODAY}`]: "cached_discount",
      [`default scripted-extra ${TODAY}`]: "not_through_waybill",
      [`default scripted-stranger ${TODAY}`]: "not_through_waybill",
      [`default scripted-deployed ${TODAY}`]: "other_model",
      [`default deployment-nine ${TODAY}`]: "other_model",
      [`default scripted-moved ${TODAY}`]: "other_account",
      [`proj-elsewhere scripted-moved ${TODAY}`]: "other_account",
      [`default scripted-rounded ${TODAY}`]: "rounding",
      [`default scripted-cut ${TODAY}`]: "incomplete",
      [`default scripted-pending ${TODAY}`]: "incomplete",
      [`default scripted-shifted ${dayAgo(5)}`]: "day_shift",
      [`default scripted-shifted ${dayAgo(4)}`]: "day_shift",
      [`default scripted-forgotten ${dayAgo(7)}`]: "not_invoiced",
      [`default scripted-new ${dayAgo(7)}`]: "unpriced",
      [`default scripted-lost ${dayAgo(7)}`]: "worst_case",
      [`default scripted-counted ${dayAgo(7)}`]: "estimated",
      [`default null ${dayAgo(7)}`]: "credit_or_tax",
    });
    assert.equal(
      parseUsd(found.total.differenceUsd),
      parseUsd(found.total.invoicedUsd) - parseUsd(found.total.bookedUsd),
    );
    const sums = await stack.sql<{ cost: string }>(
      "SELECT sum(cost_usd)::text AS cost FROM finance.cost_by_account_day",
    );
    assert.equal(parseUsd(found.total.bookedUsd), parseUsd(sums[0]?.cost ?? ""), "nothing that is booked is left out");
    const text = (await waybill(3, "invoices", "compare", ...PERIOD)).stdout;
    assert.match(text, /scripted-price .* price\s+the same tokens at 0.8 times the price on the books/);
    assert.match(text, /to approve: waybill invoices approve --provider vendor/);
  });

  it("what a name is on the books is said once, and a newer file that the older one is superseded", async () => {
    await waybill(0, "invoices", "map", "model", "deployment-nine", "scripted-deployed", "--provider", "vendor");
    await waybill(0, "invoices", "map", "account", "proj-elsewhere", "default", "--provider", "vendor");
    const { byCause } = await asJson<Comparison>(3, "invoices", "compare", ...PERIOD);
    assert.ok(byCause.every(({ cause }) => !cause?.startsWith("other_")));

    const path = join(folder.path, "newer.csv");
    await writeFile(path, [HEADER, ...plain(TODAY, "scripted-pending"), ...plain(TODAY, "scripted-cut")].join("\n"));
    const importing = ["invoices", "import", path, "--provider", "vendor", "--format", "focus"];
    assert.match((await waybill(1, ...importing)).stderr, /of default is in invoice [0-9a-f-]{36} already/);
    const { invoices } = await asJson<{ invoices: { id: string; supersededBy: string | null }[] }>(
      0,
      "invoices",
      "list",
    );
    assert.equal(invoices.length, 1);
    const old = invoices[0]?.id ?? "";
    const shown = await waybill(0, "invoices", "show", old, "--limit", "2");
    assert.match(shown.stdout, /scripted-agrees-2026-08-06\s+input\s+usage\s+1000\s+0\.001/);
    assert.match(shown.stdout, /--after 2 shows them/);
    await writeFile(path, "ChargePeriodStart,BilledCost,BillingCurrency,ChargeCategory\n2026-10-03,1,EUR,Usage\n");
    assert.match((await waybill(1, ...importing)).stderr, /line 2, BillingCurrency: "EUR": only USD/);
  });

  it("approved differences are trued up, once, and change no statement", async () => {
    const { total } = await asJson<Comparison>(3, "invoices", "compare", ...PERIOD, "--cause", "price,cached_discount");
    assert.notEqual(total.differenceUsd, "0");
    const statement = await stack.sql("SELECT * FROM finance.month_statement ORDER BY 1, 2, 3");
    const approving = [
      "invoices",
      "approve",
      ...PERIOD,
      "--cause",
      "price,cached_discount",
      "--reason",
      "invoice 4711",
    ];
    assert.match((await waybill(1, ...approving, "--difference", "7")).stderr, /The difference is .* USD, not 7/);
    const approved = await asJson<{ amountUsd: string; trueUps: { amountUsd: string; model: string }[] }>(
      ...([0, ...approving] as const),
      "--difference",
      total.differenceUsd,
    );
    assert.equal(approved.amountUsd, total.differenceUsd);
    assert.deepEqual(
      approved.trueUps.map((one) => [one.model, one.amountUsd]),
      [
        // 500 cached tokens at 1 instead of 0.1 USD per million; four fifths of 0.0014.
        ["scripted-discounted", "0.00045"],
        ["scripted-price", "-0.00028"],
      ],
    );
    const rows = (await asJson<Comparison>(3, "invoices", "compare", ...PERIOD, "--all")).rows;
    for (const row of rows.filter(({ model: of }) => of === "scripted-price" || of === "scripted-discounted")) {
      const after = parseUsd(row.bookedUsd) + parseUsd(row.truedUpUsd);
      assert.deepEqual([formatUsd(after), row.differenceUsd], [row.invoicedUsd, "0"]);
    }
    assert.match((await waybill(1, ...approving, "--difference", total.differenceUsd)).stderr, /Nothing differs/);
    assert.deepEqual(await stack.sql("SELECT * FROM finance.month_statement ORDER BY 1, 2, 3"), statement);
    const kept = await stack.sql("SELECT approved_by, reason, debit_account, credit_account FROM finance.true_ups");
    assert.deepEqual(kept.length, 2);
    assert.deepEqual(kept[0]?.reason, "invoice 4711");
  });

  it("the admin API says who may, and what is wrong", async () => {
    const admin = adminOf(stack);
    const asked = await admin("GET", "/api/v1/reconciliation?provider=vendor&from=2026-10-31&until=2026-10-01");
    assert.deepEqual([asked.status, asked.body.error.param], [400, "from"]);
    const given = { provider: "vendor", format: "openai", fileName: "x.csv", text: "a,b\n1,2\n" };
    const refused = await admin("POST", "/api/v1/invoices", given);
    assert.deepEqual(
      [refused.status, refused.body.error.code, refused.body.error.param],
      [400, "invalid_value", "file"],
    );
    const unknown = await admin("GET", "/api/v1/invoices/00000000-0000-4000-8000-000000000000");
    assert.equal(unknown.status, 404);
  });
});
