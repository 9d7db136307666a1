// A FOCUS file as it is asked for.
import { z } from "zod";
import { organisation } from "./basics.ts";

export const focusQuery = z.strictObject({
  organisation: organisation.optional(),
  month: z
    .string()
    .regex(/^20[2-9]\d-(0[1-9]|1[0-2])$/, "must be written as 2026-11")
    .describe("Accounting month, which is FOCUS's billing period"),
  format: z.enum(["csv", "parquet"]).default("csv"),
  aiColumns: z
    .enum(["true", "false"])
    .default("false")
    .describe("true: with x_ModelId, x_TokenDirection, x_TokenCacheAction, x_TokenCount and x_RequestCount"),
});
export const focusFile = z.string().describe("The file");
