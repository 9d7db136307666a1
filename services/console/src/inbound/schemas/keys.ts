// Virtual keys and admin keys: what may be given, and what is answered. A secret is in an answer that makes one, and in no other.
import { SURFACE_NAMES } from "@waybill/surfaces";
import { z } from "zod";
import { isoTime, organisation, reason } from "./basics.ts";
import { accountId, accountName } from "./organisations.ts";

const OVERLAP_SECONDS_MAX = 30 * 24 * 3_600;
const OVERLAP_SECONDS = 24 * 3_600;
const NAMES_MAX = 256;

const why = { reason: reason.default("") };
const keyId = z.string().regex(/^[A-Za-z0-9]{4,64}$/, "is the id of no key");
const pairs = z.record(z.string().min(1).max(64), z.string().max(256));
const expiresAt = isoTime.nullable().describe("null: never");
const models = z
  .array(z.string().min(1).max(256))
  .max(NAMES_MAX)
  .describe("<provider>/<model>, aliases, auto, dynamic/<route>; empty: every one");
const routes = z
  .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be the name of a route, without dynamic/"))
  .max(NAMES_MAX)
  .describe(
    "Routes it may ask for, as well as auto; empty: every one. With a list, models only where allowedModels names them",
  );
const surfaces = z.array(z.enum(SURFACE_NAMES)).max(SURFACE_NAMES.length).describe("Empty: every one");
const limitDefault = z
  .int()
  .min(1)
  .max(100_000_000)
  .nullable()
  .describe("Most output tokens of a request that says no limit itself; null: no default");
const metadata = pairs.describe("Added to every request; on a clash the key has the last word; at most 32");
const tags = pairs.describe("Tags of every request, for budgets and the books; at most 32");

export const keyParams = z.strictObject({ id: keyId });
export const keyQuery = z.strictObject({ organisation: organisation.optional() });
export const keyJson = z.object({
  id: z.string().describe("The public part of wb_<id>_<secret>"),
  name: z.string(),
  organisationId: z.string(),
  teamId: z.string(),
  teamName: z.string(),
  userId: z.string(),
  userName: z.string(),
  tags: z.record(z.string(), z.string()),
  metadata: z.record(z.string(), z.string()),
  allowedModels: z.array(z.string()),
  allowedRoutes: z.array(z.string()),
  allowedSurfaces: z.array(z.string()),
  maxOutputTokensDefault: z.int().nullable(),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
  revokedAt: isoTime.nullable(),
  previousSecretUntil: isoTime.nullable().describe("Until then the secret before the last rotation is good"),
});
export const listKeysQuery = z.strictObject({
  organisation: organisation.optional(),
  team: accountId.optional(),
  user: accountId.optional(),
  after: z.string().max(64).default("").describe("As in the answer before"),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000).describe("Most entries of a page"),
});
export const keyList = z.object({
  keys: z.array(keyJson).describe("By id; a page is shorter where its keys are large"),
  nextAfter: z.string().nullable().describe("null: there is no more"),
});
export const createKeyBody = z.strictObject({
  userId: accountId,
  name: accountName.describe("Unique among the keys of the user that are not revoked"),
  expiresAt: expiresAt.default(null),
  allowedModels: models.default([]),
  allowedRoutes: routes.default([]),
  allowedSurfaces: surfaces.default([]),
  maxOutputTokensDefault: limitDefault.default(null),
  metadata: metadata.default({}),
  tags: tags.default({}),
  ...why,
});
export const updateKeyBody = z.strictObject({
  name: accountName.optional(),
  expiresAt: expiresAt.optional(),
  allowedModels: models.optional(),
  allowedRoutes: routes.optional(),
  allowedSurfaces: surfaces.optional(),
  maxOutputTokensDefault: limitDefault.optional(),
  metadata: metadata.optional(),
  tags: tags.optional(),
  ...why,
});
const secretKey = z.string().describe("The whole key, told this one time");
export const issuedKey = z.object({ secretKey, key: keyJson });
export const rotateBody = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(OVERLAP_SECONDS_MAX)
      .default(OVERLAP_SECONDS)
      .describe("How long the secret of before stays good"),
    ...why,
  })
  .optional();
export const revokeBody = z.strictObject(why).optional();
export const revokeQuery = z.strictObject({ organisation: organisation.optional(), ...why });
export const revokedKey = z.object({ id: z.string(), revokedAt: isoTime });
/** Where a body may be left out. */
export const ROTATE_DEFAULTS = { overlapSeconds: OVERLAP_SECONDS, reason: "" } as const;

const role = z.enum(["owner", "admin", "viewer", "finance", "machine"]);
export const adminKeyJson = z.object({
  id: z.string().describe("The public part of wba_<id>_<secret>"),
  name: z.string(),
  role: z.string(),
  organisationId: z.string().describe("Empty: the whole installation"),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
  revokedAt: isoTime.nullable(),
  previousSecretUntil: isoTime.nullable(),
});
export const adminKeyList = z.object({ adminKeys: z.array(adminKeyJson).describe("At most 10,000") });
export const createAdminKeyBody = z.strictObject({
  name: accountName,
  role,
  expiresAt: expiresAt.default(null),
  ...why,
});
export const updateAdminKeyBody = z.strictObject({
  name: accountName.optional(),
  role: role.optional(),
  expiresAt: expiresAt.optional(),
  ...why,
});
export const issuedAdminKey = z.object({ secretKey, adminKey: adminKeyJson });
