// The audit log of every change.
import { z } from "zod";
import { isoTime, limit, organisation } from "./basics.ts";

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
