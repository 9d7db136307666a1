// Rate limits as they are given and shown.
import { z } from "zod";
import { organisation, reason } from "./basics.ts";
import { givenScope, ID, id, per, scopeFields } from "./budgets.ts";

const count = z.int().min(1).max(1_000_000_000);
const unit = z.enum(["requests", "tokens", "concurrency"]).describe("What the limit counts");

const givenFields = {
  scope: givenScope,
  per: per.nullish().describe("Each value of this field has a counter of its own"),
  unit: unit.default("requests"),
  amount: count.describe("What may pass in perSeconds, without end"),
  perSeconds: z.int().min(1).max(86_400).nullish().describe("Not for concurrency, which is requests at a time"),
  burst: count.nullish().describe("What may pass at once after a quiet time; default: the amount"),
  reason: reason.default(""),
  dryRun: z.boolean().default(false).describe("Check it and change nothing"),
};
export const createRateLimitBody = z.strictObject({ id, ...givenFields });
export const replaceRateLimitBody = z.strictObject(givenFields);
export const rateLimitParams = z.strictObject({ id: z.string().regex(ID, "is the id of no rate limit") });
export const deleteRateLimitQuery = z.strictObject({
  organisation: organisation.optional(),
  reason: reason.default(""),
});

export const rateLimit = z.object({
  id: z.string(),
  scope: z.object({ ...scopeFields, tag: z.object({ name: z.string(), value: z.string() }).optional() }),
  per: per.nullable(),
  unit,
  amount: z.int(),
  perSeconds: z.int().nullable(),
  burst: z.int(),
});
export const rateLimitList = z.object({ rateLimits: z.array(rateLimit).describe("At most 1,000") });
export const savedRateLimit = z.object({
  rateLimit,
  outcome: z.enum(["create", "update", "same"]).describe("What was done, or would be; same: nothing was different"),
  dryRun: z.boolean(),
});
export const deletedRateLimit = z.object({ id: z.string() });
