// Organisations, teams and keys, and the audit log of every change.
import { z } from "zod";
import { isoTime, limit, organisation, reason } from "./basics.ts";

export const organisationList = z.object({ organisations: z.array(z.object({ id: z.string(), name: z.string() })) });
export const teamList = z.object({
  teams: z.array(
    z.object({
      organisationId: z.string(),
      id: z.string(),
      name: z.string(),
      userCount: z.int(),
      keyCount: z.int(),
    }),
  ),
});
export const keyList = z.object({
  keys: z
    .array(
      z.object({
        id: z.string().describe("The public part of wb_<id>_<secret>"),
        name: z.string(),
        organisationId: z.string(),
        teamId: z.string(),
        teamName: z.string(),
        userId: z.string(),
        userName: z.string(),
        tags: z.record(z.string(), z.string()),
        expiresAt: isoTime.nullable(),
        revokedAt: isoTime.nullable(),
      }),
    )
    .describe("At most 10,000"),
});
export const keyParams = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9]{4,64}$/, "is the id of no key") });
export const revokeBody = z.strictObject({ reason: reason.default("") }).optional();
export const revokedKey = z.object({ id: z.string(), revokedAt: isoTime });

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
