// Providers' invoices, as they are given, compared and approved.
import { z } from "zod";
import { isoTime, limit, reason, usd } from "./basics.ts";

const name = z.string().min(1).max(200);
const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day like 2026-10-31")
  .describe("UTC");
const provider = name.describe("The provider's id in waybill.yaml");
const invoiceId = z.uuid().describe("Id of an invoice");
const count = z.int();
const tokens = count.nullable().describe("null: no invoice says");
const CAUSES_MAX = 32;

export const importBody = z.strictObject({
  provider,
  format: z.enum(["openai", "anthropic", "aws-cur", "azure", "google", "focus"]),
  fileName: name,
  text: z.string().min(1).describe("The file: CSV or JSON, as the provider exports it; at most 16 MiB"),
  supersedes: z.array(invoiceId).max(100).default([]).describe("Invoices whose place this one takes"),
  account: name.optional().describe("Every account that the file names is this one on the books"),
  reason: reason.default(""),
});

export const invoice = z.object({
  id: invoiceId,
  provider: z.string(),
  format: z.string(),
  fileName: z.string(),
  fileSha256: z.string(),
  from: day,
  until: day,
  hasAmounts: z.boolean().describe("Its lines say what was paid"),
  hasQuantities: z.boolean().describe("Its lines say how much was used"),
  lines: count,
  leftOutRows: count.describe("Rows of other services"),
  roundedAmounts: count.describe("Amounts with digits below a pico-dollar"),
  usageUsd: usd,
  creditUsd: usd,
  taxUsd: usd,
  importedAt: isoTime,
  importedBy: z.string(),
  reason: z.string(),
  supersededBy: z.string().nullable().describe("The invoice that took its place; null: it holds"),
});
export const imported = z.object({
  invoice,
  wasThere: z.boolean().describe("true: the very same file was imported before; nothing was done"),
});
export const invoicesQuery = z.strictObject({ provider: provider.optional(), limit });
export const invoiceList = z.object({ invoices: z.array(invoice).describe("The latest import first") });

export const invoiceParams = z.strictObject({ id: invoiceId });
export const linesQuery = z.strictObject({
  after: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe("Lines behind this number"),
  limit,
});
export const invoiceWithLines = z.object({
  invoice,
  lines: z.array(
    z.object({
      number: count,
      fileLine: count.describe("Of the file"),
      day,
      account: z.string().nullable().describe("As the file names it; null: it names none"),
      model: z.string().nullable(),
      kind: z.string(),
      charge: z.string().describe("usage, tax or credit"),
      quantity: z.string().nullable().describe("Tokens or requests; null: the file does not say"),
      amountUsd: usd.nullable().describe("null: the file does not say"),
    }),
  ),
  more: z.boolean(),
});

export const nameBody = z.strictObject({
  provider,
  names: z.enum(["account", "model"]),
  invoiced: z.string().max(200).describe("As the files have it; empty: where they name none"),
  booked: name.describe("The account's id, or the provider's own name of the model on the books"),
  reason: reason.default(""),
});
export const namedAnswer = z.object({ mapped: z.boolean() });

const sums = {
  rows: count,
  invoicedUsd: usd,
  bookedUsd: usd,
  truedUpUsd: usd,
  differenceUsd: usd.describe("Invoiced, less booked, less trued up"),
};
export const compareQuery = z.strictObject({
  provider,
  from: day,
  until: day,
  cause: z.string().max(500).default("").describe("Only these causes, with commas"),
  all: z.enum(["true", "false"]).default("false").describe("true: also what agrees"),
  limit,
});
export const comparison = z.object({
  rows: z
    .array(
      z.object({
        day,
        account: z.string().nullable().describe("null: the invoice names none, or nobody knows which it was"),
        model: z.string().nullable(),
        simulated: z.boolean(),
        invoicedUsd: usd.nullable().describe("null: no invoice of that day has amounts"),
        bookedUsd: usd,
        truedUpUsd: usd,
        differenceUsd: usd.nullable(),
        cause: z.string().nullable().describe("As in docs/invoices.md; null: it agrees"),
        explanation: z.string().nullable(),
        invoicedInputTokens: tokens,
        bookedInputTokens: count,
        invoicedCachedInputTokens: tokens,
        bookedCachedInputTokens: count,
        invoicedOutputTokens: tokens,
        bookedOutputTokens: count,
        attempts: count,
        unpricedAttempts: count,
        creditUsd: usd,
        taxUsd: usd,
      }),
    )
    .describe("By day, account and model"),
  more: z.boolean(),
  byCause: z.array(z.object({ cause: z.string().nullable(), ...sums })).describe("Also of rows beyond the limit"),
  total: z.object(sums),
});

export const approveBody = z.strictObject({
  provider,
  from: day,
  until: day,
  causes: z.array(name).max(CAUSES_MAX).default([]).describe("Only differences of these causes; none: of any"),
  differenceUsd: usd.describe("The sum that was seen; refused where it is another by now"),
  reason: reason.min(1),
});
export const approved = z.object({
  approvalId: z.string(),
  amountUsd: usd,
  trueUps: z.array(
    z.object({
      id: z.string().describe("Stable"),
      day,
      account: z.string().nullable(),
      model: z.string().nullable(),
      cause: z.string().nullable(),
      amountUsd: usd,
      accountingMonth: z.string().describe("The month that was open"),
    }),
  ),
});
