// What waits for a price, and pricing anew, as they are asked for and shown.
import { z } from "zod";
import { isoTime, modelId, reason, usd } from "./basics.ts";

const count = z.int();

export const unpricedList = z.object({
  models: z
    .array(
      z.object({
        model: modelId,
        attempts: count,
        inputTokens: count,
        outputTokens: count,
        firstDay: z.iso.date().describe("UTC day of the first request"),
        lastDay: z.iso.date(),
        state: z
          .enum(["no_price", "starts_later", "waiting"])
          .describe(
            "no_price: save one. starts_later: every price of it begins after the last day. waiting: it is being priced, or nobody knows its tokens",
          ),
      }),
    )
    .describe("Those with the most attempts first; at most 1000"),
});

export const repriceBody = z.strictObject({
  model: modelId,
  from: isoTime.describe("Requests from this time on"),
  until: isoTime.optional().describe("Exclusive; default: now"),
  dryRun: z.boolean().default(false).describe("Only say what it would do"),
  reason: reason.default(""),
  cursor: z.string().max(64).default("").describe("nextCursor of the answer before"),
});
export const repriced = z.object({
  looked: count,
  revised: count.describe("Attempts that cost something else now"),
  arrived: count.describe("Of them, without a price before"),
  beforeUsd: usd.describe("Of what was revised; without what had no price"),
  afterUsd: usd,
  notRevised: z
    .record(z.string(), count)
    .describe("Why not: kept (it costs what it did), not_in_force, no_tokens, by_hold, no_price"),
  nextCursor: z.string().nullable().describe("null: all were looked at; else ask again with it"),
});
