// Months of the books and what was spent, as they are asked for and shown.
import { z } from "zod";
import { isoTime, organisation, reason, usd } from "./basics.ts";

const month = z.string().regex(/^20[2-9]\d-(0[1-9]|1[0-2])$/, "must be written as 2026-11");
const count = z.int();

export const booksMonth = z.object({
  month,
  closedAt: isoTime.nullable().describe("null: open"),
  closedBy: z
    .string()
    .nullable()
    .describe("Name of the admin key that closed it; null also for a key of one organisation"),
  requests: count,
  attempts: count,
  unpricedAttempts: count.describe("Attempts whose price is unknown; their cost is not in costUsd"),
  costUsd: usd,
  lateAttempts: count.describe("Of them, attempts of an earlier month that came when it was closed"),
  lateCostUsd: usd,
  entriesDropped: z.boolean().describe("true: only sums by day are left of its requests"),
});
export const monthList = z.object({ months: z.array(booksMonth).describe("The latest first") });
export const monthParams = z.strictObject({ month });
export const closeBody = z.strictObject({
  reason: reason.default(""),
  acceptUnpriced: z.boolean().default(false).describe("Close it although the price of some attempts is unknown"),
});
export const rebuildBody = z.strictObject({ reason: reason.default("") }).optional();

export const verifyBody = z
  .strictObject({
    month: month.optional().describe("Only this one"),
    repair: z.boolean().default(false).describe("Publish again what stands on the books and was never settled"),
  })
  .optional();
export const verified = z.object({
  checkedMonths: count,
  entries: count,
  comparedRecords: count.describe("Of the last 30 days, with those that the budget service settled"),
  publishedAgain: count.describe("Records that the budget service lacked, which it is told again"),
  tookMs: count,
  problemCount: count,
  problems: z
    .array(
      z.object({
        rule: z.string().describe("As in docs/finance.md"),
        problem: z.string(),
        month: z.string(),
        attemptId: z.string().nullable().describe("null: it is about no single attempt"),
        detail: z.string(),
      }),
    )
    .describe("At most 1000"),
});

const filter = z.string().min(1).max(256).optional();
export const spendQuery = z.strictObject({
  organisation: organisation.optional(),
  by: z
    .string()
    .max(128)
    .default("team")
    .describe(
      "Up to four, with commas: organisation, team, cost_centre, user, key, environment, route, provider, account, model, outcome, hour, day, month",
    ),
  from: isoTime.optional().describe("Whole hours; default: 24 hours before until"),
  until: isoTime.optional().describe("Default: now"),
  ...{ team: filter, cost_centre: filter, user: filter, key: filter, environment: filter, route: filter },
  ...{ provider: filter, account: filter, model: filter, outcome: filter },
  simulated: z.enum(["true", "false"]).default("false").describe("true: what the simulator answered instead"),
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe("Most rows"),
});
const sums = {
  requests: count,
  attempts: count,
  failedAttempts: count.describe("Attempts that gave no complete answer"),
  unpricedAttempts: count,
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  totalTokens: count.describe("Input and output"),
  averageMs: count.nullable().describe("Of an attempt, from the beginning of its call to its end; null: there is none"),
  costUsd: usd,
  wastedCostUsd: usd.describe("Of it, spent on attempts that served nobody"),
};
export const spend = z.object({
  by: z.array(z.string()),
  from: isoTime,
  until: isoTime,
  rows: z
    .array(
      z.object({
        group: z.record(z.string(), z.string().nullable()).describe("Field to id or time; null: there is none"),
        names: z.record(z.string(), z.string()).describe("Field to name, where there is one"),
        ...sums,
      }),
    )
    .describe("The dearest first; by time where the first field is one"),
  total: z.object(sums).describe("Of everything that matches, also beyond the limit"),
  more: z.boolean().describe("true: there are more rows than the limit"),
});
