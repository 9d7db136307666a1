// Budgets, and the audit log of every change.
import { z } from "zod";
import { isoTime, limit, organisation, usd } from "./basics.ts";

const scope = z.object({
  organisationId: z.string().optional(),
  teamId: z.string().optional(),
  userId: z.string().optional(),
  keyId: z.string().optional(),
  endUserId: z.string().optional(),
  route: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  tag: z.object({ name: z.string(), value: z.string() }).optional(),
});
export const budgetList = z.object({
  budgets: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      scope: scope.describe("Every field that is there must match"),
      limitUsd: usd,
      enforcement: z.enum(["hard", "soft", "observe"]),
      maxSharePercent: z.int(),
      window: z.object({ kind: z.string(), seconds: z.int().nullable() }),
      standing: z
        .object({
          spentUsd: usd,
          heldUsd: usd,
          grantedUsd: usd.describe("Credit that routers have in hand"),
          remainingUsd: usd,
          resetsAt: isoTime.nullable(),
        })
        .nullable(),
    }),
  ),
});

export const auditQuery = z.strictObject({
  organisation: organisation.optional(),
  cursor: z
    .string()
    .regex(/^\d{1,18}\.\d{1,18}$|^$/, "is not one that we gave")
    .default("")
    .describe("As in the answer before"),
  limit,
});
export const auditPage = z.object({
  entries: z
    .array(
      z.object({
        id: z.string(),
        at: isoTime,
        actor: z.object({ adminKeyId: z.string(), name: z.string() }),
        action: z.string(),
        kind: z.string(),
        name: z.string(),
        version: z.int().nullable(),
        reason: z.string(),
        organisationId: z.string(),
        before: z.unknown(),
        after: z.unknown(),
      }),
    )
    .describe("Newest first; a page may be shorter than asked for"),
  nextCursor: z.string().nullable().describe("null: there is no more"),
});
