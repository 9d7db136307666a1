// What a month would cost on other models: the selections as they are given, and the answer.
import { z } from "zod";
import { isoTime, modelId, usd } from "./basics.ts";

const TIERS_MAX = 20;
const MODELS_MAX = 200;
const TOKENS_MAX = 100_000_000;
const REQUESTS_MAX = 1_000_000_000_000;
const DAYS_RECORDED_MAX = 366;

const share = z.string().min(1).max(32).describe('0 to 1, as "0.25" or "1/3"');
const name = z.string().min(1).max(64);
const tokens = z.int().min(0).max(TOKENS_MAX);
const id = z.string().min(1).max(256);

const tier = z.strictObject({
  name,
  share: share.describe('Of all requests; those of all tiers make 1, as "0.25" or "1/3"'),
  inputTokens: tokens.describe("Of one request"),
  outputTokens: tokens.describe("Of one request"),
  cachedInputShare: share.default("0").describe("Of the input, read from the provider's cache"),
});
const traffic = z
  .strictObject({
    requestsPerDay: z.int().min(1).max(REQUESTS_MAX).optional().describe("Either this or requestsPerMonth"),
    requestsPerMonth: z.int().min(1).max(REQUESTS_MAX).optional(),
    tiers: z.array(tier).min(1).max(TIERS_MAX).describe("Of users; their names are parts of the traffic"),
  })
  .refine((given) => (given.requestsPerDay === undefined) !== (given.requestsPerMonth === undefined), {
    error: "give either requestsPerDay or requestsPerMonth",
    path: ["requestsPerDay"],
  });
const recorded = z.strictObject({
  days: z.int().min(1).max(DAYS_RECORDED_MAX).default(30).describe("The last so many days until now"),
  team: id.optional(),
  route: id.optional(),
  simulated: z.boolean().default(false).describe("true: what the simulator answered, instead of what costs money"),
});
const scenario = z.strictObject({
  models: z
    .array(
      z.strictObject({
        model: modelId,
        share: share.default("1").describe('Of its part; those of one part make 1, as "0.25" or "1/3"'),
        of: id
          .optional()
          .describe("Part of the traffic: a tier, or a recorded model; absent: every part that nothing else names"),
      }),
    )
    .max(MODELS_MAX)
    .describe("A recorded model that nothing names stays as it is"),
  cachedInputShare: share
    .optional()
    .describe("Of the input, read from the provider's cache; absent: as in the traffic"),
  keptAnswerShare: share.default("0").describe("Of the calls, answered from the gateway's own cache at no cost"),
});

export const simulateCostBody = z
  .strictObject({
    traffic: traffic.optional().describe("Either this or `recorded`"),
    recorded: recorded.optional().describe("The traffic there was, each recorded model a part of it"),
    daysPerMonth: z.int().min(1).max(31).default(30),
    baseline: scenario.optional().describe("Absent: the recorded models as they are"),
    proposal: scenario,
  })
  .refine((given) => (given.traffic === undefined) !== (given.recorded === undefined), {
    error: "give either traffic or recorded",
    path: ["traffic"],
  })
  .refine((given) => given.traffic === undefined || given.baseline !== undefined, {
    error: "say what it costs now: the models of the baseline",
    path: ["baseline"],
  });

const count = z.int();
const cost = usd.nullable().describe("Of a month; null: a price is unknown");
const sums = {
  calls: count,
  inputTokens: count,
  outputTokens: count,
  costUsd: cost,
};
const simulatedScenario = z.object({
  costUsd: cost,
  knownCostUsd: usd.describe("Of the lines whose price is known"),
  models: z.array(z.object({ model: z.string(), ...sums })).describe("The dearest first"),
  lines: z
    .array(z.object({ part: z.string(), model: z.string(), share: z.string(), ...sums }))
    .describe("What goes from each part of the traffic to each model"),
});
export const simulatedCost = z.object({
  daysPerMonth: count,
  baseline: simulatedScenario,
  proposal: simulatedScenario,
  delta: z
    .object({
      costUsd: usd.describe("Of a month; below 0: the proposal is cheaper"),
      percent: z
        .string()
        .nullable()
        .describe("Of the baseline, rounded to 2 decimals; null: the baseline costs nothing"),
    })
    .nullable()
    .describe("null: one of the two is unknown"),
  recorded: z
    .object({
      from: isoTime,
      until: isoTime,
      daysWithTraffic: count.describe("UTC days"),
      calls: count.describe("Attempts, also those that failed"),
      costUsd: usd.nullable().describe("As booked; null: the price of some attempts was unknown"),
      knownCostUsd: usd,
      perMonthUsd: usd.nullable().describe("costUsd taken to a month of daysPerMonth"),
    })
    .nullable()
    .describe("null: the traffic was given"),
  prices: z
    .array(z.object({ model: z.string(), priceVersion: z.string().nullable().describe("null: unknown") }))
    .describe("The catalogue's prices that were used: those in force now"),
  assumptions: z.array(z.string()),
});
