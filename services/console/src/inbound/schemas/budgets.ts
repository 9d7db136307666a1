// Budgets as they are given and shown, raises, and what a verification finds.
import { z } from "zod";
import { isoTime, organisation, reason } from "./basics.ts";

/** Of the unit: decimal USD with at most 12 decimals, or a whole number. */
const amount = z
  .string()
  .max(48)
  .describe(
    "Decimal text in the budget's unit: USD with at most 12 decimals, else a whole number of tokens or requests",
  );
const shownAmount = z.string().describe("Decimal text in the budget's unit");
const unit = z.enum(["usd", "tokens", "requests"]).describe("What the budget counts");
const enforcement = z.enum(["hard", "soft", "observe"]);
export const per = z.enum(["teamId", "userId", "keyId", "endUserId"]);
const text = z.string().max(256);

export const scopeFields = {
  organisationId: text.optional(),
  teamId: text.optional(),
  userId: text.optional(),
  keyId: text.optional(),
  endUserId: text.optional(),
  route: text.optional(),
  provider: text.optional(),
  model: text.optional().describe("Without its provider"),
  tag: z.strictObject({ name: text, value: text }).optional(),
};
export const givenScope = z
  .strictObject(scopeFields)
  .default({})
  .describe("Every field that is there must match. The organisation may stand in the query instead");

export const ID = /^[a-z0-9][a-z0-9._-]{0,126}$/;
export const id = z.string().regex(ID, "must be 1 to 127 small letters, digits, dots, dashes or underscores");

const givenWindow = z.strictObject({
  kind: z.enum(["day", "week", "month", "quarter", "year", "fixed", "rolling", "total"]),
  seconds: z.int().min(1).max(315_360_000).nullish().describe("Length of a fixed or rolling window"),
  timeZone: z.string().max(64).optional().describe("IANA name, for calendar windows; default UTC"),
  anchorWeekday: z.int().min(1).max(7).optional().describe("On which day a week begins; 1, the default, is Monday"),
  anchorDay: z.int().min(1).max(28).optional().describe("On which day a month, quarter or year begins; default 1"),
  anchorMonth: z.int().min(1).max(12).optional().describe("From which month quarters and years are counted; default 1"),
  anchorAt: isoTime.nullish().describe("A moment at which a fixed window begins; default 1970"),
});

const givenFields = {
  name: z.string().max(128),
  scope: givenScope,
  unit: unit.default("usd"),
  limit: amount,
  enforcement: enforcement.default("hard"),
  maxSharePercent: z
    .int()
    .min(1)
    .max(100)
    .default(50)
    .describe("How much of the rest one request may hold when its output is not bounded by the client"),
  window: givenWindow,
  carryOver: z.boolean().default(false).describe("What a window leaves unspent is added to the next one"),
  per: per.nullish().describe("A template: each value of this field has a counter of its own"),
  onExhausted: z.enum(["refuse", "fallback", "downgrade"]).default("refuse"),
  whenAway: z.enum(["deny", "allow", "downgrade"]).default("deny").describe("While nobody can be asked"),
  awayAllowance: amount.nullish().describe("With whenAway allow: how much each router may let pass"),
  alertPercents: z.array(z.int().min(1).max(1_000)).max(10).default([]),
  reason: reason.default(""),
  allowUnreachable: z.boolean().default(false).describe("Save it although it, or another one, can never bind"),
  dryRun: z.boolean().default(false).describe("Check it and change nothing"),
};
export const createBudgetBody = z.strictObject({ id, ...givenFields });
export const replaceBudgetBody = z.strictObject(givenFields);
export const budgetParams = z.strictObject({ id: z.string().regex(ID, "is the id of no budget") });
export const deleteBudgetQuery = z.strictObject({ organisation: organisation.optional(), reason: reason.default("") });
export const raiseBody = z.strictObject({
  by: amount.describe("More than the limit, in the budget's unit; 0 ends a raise"),
  until: isoTime.nullish().describe("At most 366 days from now; not for 0"),
  reason: reason.min(1, "must say why"),
});

export const budget = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.object({ ...scopeFields, tag: z.object({ name: z.string(), value: z.string() }).optional() }),
  unit,
  limit: shownAmount,
  enforcement,
  maxSharePercent: z.int(),
  window: z.object({
    kind: z.string(),
    seconds: z.int().nullable(),
    timeZone: z.string(),
    anchorWeekday: z.int(),
    anchorDay: z.int(),
    anchorMonth: z.int(),
    anchorAt: isoTime.nullable(),
  }),
  carryOver: z.boolean(),
  per: per.nullable(),
  onExhausted: z.enum(["refuse", "fallback", "downgrade"]),
  whenAway: z.enum(["deny", "allow", "downgrade"]),
  awayAllowance: shownAmount.nullable(),
  alertPercents: z.array(z.int()),
  raise: z.object({ by: shownAmount, reason: z.string(), until: isoTime }).nullable(),
});
const standing = z
  .object({
    limit: shownAmount.describe("As it is in this window"),
    spent: shownAmount,
    held: shownAmount,
    granted: shownAmount.describe("Credit that routers have in hand"),
    remaining: shownAmount,
    resetsAt: isoTime.nullable(),
    burn: z.object({
      by5Min: shownAmount.describe("What would be spent in an hour at the rate of the last 5 minutes"),
      by1Hour: shownAmount.describe("What was spent in the last hour"),
      by6Hours: shownAmount.describe("An hour's part of what was spent in the last 6 hours"),
      exhaustedAt: isoTime
        .nullable()
        .describe("When nothing is left at the last hour's rate; null: not in this window, nor within 30 days"),
    }),
  })
  .nullable();
export const budgetWithStanding = budget.extend({ standing });
export const budgetList = z.object({ budgets: z.array(budgetWithStanding).describe("At most 10,000") });
export const savedBudget = z.object({
  budget,
  outcome: z
    .enum(["create", "update", "raise", "same"])
    .describe("What was done, or would be; same: nothing was different"),
  dryRun: z.boolean(),
});
export const deletedBudget = z.object({ id: z.string() });

export const verifyBody = z.strictObject({ budget: id.optional().describe("Only this budget") }).optional();
export const verified = z.object({
  windows: z.int().describe("Windows whose counters were recomputed"),
  attempts: z
    .int()
    .describe("Settled attempts that were recomputed; those settled 35 days ago are kept as sums by window"),
  differenceCount: z.int(),
  differences: z
    .array(
      z.object({
        budgetId: z.string(),
        windowId: z.string(),
        windowStartsAt: isoTime,
        what: z.enum(["posted", "held", "granted", "record"]),
        attemptId: z.string().nullable(),
        unit,
        found: shownAmount,
        expected: shownAmount,
      }),
    )
    .describe("The first 1,000"),
});
