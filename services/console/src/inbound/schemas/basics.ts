// Fields that many resources have: times, money, names, pages, reasons, and the shape of an error.
import { PICO_USD_INT64_MAX, parseUsd } from "@waybill/domain";
import { z } from "zod";

/** ISO 8601 in UTC, with milliseconds. */
export const isoTime = z.iso.datetime({ offset: true }).describe("ISO 8601");
/** Decimal text; never a float. */
export const usd = z
  .string()
  .regex(/^-?\d{1,30}(\.\d{1,12})?$/)
  .describe("USD as decimal text");
/** A rate or amount that somebody gives us: what fits an int64 of pico-USD. */
export const givenUsd = usd.refine((text) => {
  const amount = /^\d/.test(text) ? parseUsd(text) : -1n;
  return amount >= 0n && amount <= PICO_USD_INT64_MAX;
}, "must not be negative, nor more than 9.2 million");

const REASON_CHARACTERS_MAX = 1_000;
export const reason = z
  .string()
  .max(REASON_CHARACTERS_MAX)
  .describe("Why; stands in the audit log and, for routes, in the version or deployment");
export const routeName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")
  .describe("As in dynamic/<name>");
export const modelId = z
  .string()
  .max(256)
  .regex(/^[^/]+\/.+$/, "must be <provider>/<model>")
  .describe("<provider>/<model>");

export const PAGE_MAX = 1_000;
export const limit = z.coerce.number().int().min(1).max(PAGE_MAX).default(100).describe("Most entries of a page");

/** Of every endpoint: an installation's key may act for one organisation. */
export const organisation = z
  .string()
  .max(128)
  .describe("Id of the organisation meant; only a key for the whole installation may name another than its own");
export const organisationQuery = z.strictObject({ organisation: organisation.optional() });
export const nothing = z.strictObject({});
export const noBody = z.undefined();

export const problem = z.object({
  node: z.string().describe("Node of a route, or <provider>/<model>; empty: the whole"),
  field: z.string(),
  problem: z.string(),
});

export const errorBody = z.object({
  error: z.object({
    code: z.string().describe("A code of docs/errors.md"),
    message: z.string(),
    param: z.string().optional().describe("The field at fault"),
    problems: z.array(problem).optional().describe("Every problem at once, where there may be several"),
  }),
});
export type ErrorBody = z.output<typeof errorBody>;
