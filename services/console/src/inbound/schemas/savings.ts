// Baselines, and what was saved beside them, as they are asked for and shown.
import { z } from "zod";
import { isoTime, organisation, reason, routeName, usd } from "./basics.ts";

const month = z.string().regex(/^20[2-9]\d-(0[1-9]|1[0-2])$/, "must be written as 2026-11");
const day = z.iso.date().describe("UTC, as 2026-11-28");
const count = z.int();
const KINDS = ["model", "costliest_candidate", "none"] as const;

const rate = z.object({
  model: z.string(),
  fromDay: day.nullable().describe("null: since ever"),
  untilDay: day.nullable().describe("Exclusive; null: as long as the baseline holds"),
  priceVersion: z.string(),
  aboveInputTokens: count.describe("Holds for requests with more input than this"),
  ...{ input: usd, cachedInput: usd, cacheWrite5m: usd, cacheWrite1h: usd, output: usd, reasoningOutput: usd },
  perRequest: usd,
});
export const baseline = z.object({
  organisation: z.string().nullable().describe("null: every organisation that has none of its own"),
  route: z.string().nullable().describe("null: all routes that have none of their own, and `auto`"),
  version: count,
  kind: z.enum(KINDS).describe("none: from then on nothing is compared"),
  model: z.string().nullable().describe("With the kind model"),
  routeVersion: count
    .nullable()
    .describe("With costliest_candidate: the version of the route whose candidates they are"),
  from: day,
  holds: z.boolean().describe("It is the one that holds today for its organisation and route"),
  declaredAt: isoTime,
  declaredBy: z.string().nullable().describe("null: who runs the installation is no business of an organisation"),
  reason: z.string(),
  unpricedModels: z.array(z.string()).describe("Candidates that had no price; they are compared with nothing"),
  changedPrices: z.array(z.string()).describe("Its models whose price in the catalogue is another one by now"),
  rates: z.array(rate).describe("The prices it was declared with, in USD per million tokens"),
});
export const baselineList = z.object({ baselines: z.array(baseline).describe("The newest first; at most 1000") });
export const declareBody = z.strictObject({
  kind: z.enum(KINDS).default("model"),
  model: z.string().min(1).max(256).optional().describe("With the kind model: any name a client could use for it"),
  route: routeName.optional().describe("Only for this route; absent: for all that have none of their own, and `auto`"),
  from: day.optional().describe("Today or later; earlier only where nothing was stated before. Default: today"),
  reason: reason.default(""),
});

export const savingsQuery = z.strictObject({
  organisation: organisation.optional(),
  month: month.describe("Accounting month"),
  by: z.enum(["organisation", "team", "route", "model", "baseline", "day"]).default("route"),
  simulated: z.enum(["true", "false"]).default("false").describe("true: what the simulator answered instead"),
});
const sums = {
  answers: count.describe("Answers that were compared"),
  costUsd: usd.nullable().describe("Of them and of their failed attempts; null: nothing was compared"),
  failedCostUsd: usd.describe("Of it, attempts that served nobody"),
  routingCostUsd: usd.describe("What choosing cost: 0, because no model is asked in order to choose"),
  baselineCostUsd: usd.nullable().describe("What the same answers would have cost, with the same tokens"),
  savedUsd: usd.nullable().describe("Below zero: it cost more than the baseline"),
  savedShare: z.number().nullable().describe("Of baselineCostUsd"),
  lostCacheReadsAtMostUsd: usd
    .nullable()
    .describe("Not in savedUsd: what the baseline would cost less if its cache had held all input"),
  quality: z
    .number()
    .nullable()
    .describe("Of the answers beside the baseline's, 1 is as good; null: nobody measured it"),
  qualityAnswers: count.describe("Answers for which there is a figure of quality"),
  keptAnswers: count.describe("Given again by Waybill without a call; in no other figure"),
  notCompared: z.array(
    z.object({
      why: z.enum(["direct", "unpriced", "unmeasured", "no_baseline", "no_baseline_price"]),
      attempts: count,
      costUsd: usd.nullable().describe("null: unknown"),
    }),
  ),
};
export const savings = z.object({
  month,
  closed: z.boolean().describe("true: the money never changes"),
  simulated: z.boolean(),
  by: z.string(),
  baselines: z.array(z.string()).describe("That were compared with"),
  rows: z
    .array(z.object({ value: z.string().nullable(), name: z.string().nullable(), ...sums }))
    .describe("The most saved first, days in order; at most 1000"),
  total: z.object(sums),
  more: z.boolean(),
  notes: z.array(z.string()).describe("What has to be said beside the figures"),
});
