// Organisations, teams and users: what may be given, and what is answered.
import { z } from "zod";
import { organisation, reason } from "./basics.ts";

export const accountId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be 1 to 63 small letters, digits and dashes, not beginning with a dash")
  .describe("Never changes");
export const accountName = z.string().min(1).max(128);
const costCentre = z.string().max(128).describe("For finance's own books; empty: none");
const why = { reason: reason.default("") };

export const organisationJson = z.object({ id: z.string(), name: z.string() });
export const organisationList = z.object({ organisations: z.array(organisationJson) });
export const idParams = z.strictObject({ id: accountId });
export const createOrganisationBody = z.strictObject({ id: accountId, name: accountName.optional(), ...why });
export const updateOrganisationBody = z.strictObject({ name: accountName, ...why });

export const teamJson = z.object({
  organisationId: z.string(),
  id: z.string(),
  name: z.string(),
  costCentre: z.string(),
  userCount: z.int(),
  keyCount: z.int().describe("Revoked ones too"),
});
export const teamList = z.object({ teams: z.array(teamJson).describe("At most 10,000") });
export const createTeamBody = z.strictObject({
  id: accountId,
  name: accountName.optional(),
  costCentre: costCentre.optional(),
  ...why,
});
export const updateTeamBody = z.strictObject({
  name: accountName.optional(),
  costCentre: costCentre.optional(),
  ...why,
});

export const userJson = z.object({
  organisationId: z.string(),
  id: z.string(),
  teamId: z.string(),
  name: z.string(),
  keyCount: z.int().describe("Revoked ones too"),
});
export const listUsersQuery = z.strictObject({
  organisation: organisation.optional(),
  team: accountId.optional(),
  after: z.string().max(128).default("").describe("As in the answer before"),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000).describe("Most entries of a page"),
});
export const userList = z.object({
  users: z.array(userJson),
  nextAfter: z.string().nullable().describe("null: there is no more"),
});
export const createUserBody = z.strictObject({
  id: accountId,
  teamId: accountId,
  name: accountName.optional(),
  ...why,
});
export const updateUserBody = z.strictObject({
  name: accountName.optional(),
  teamId: accountId.optional().describe("Moves the user and its keys, at once and everywhere"),
  ...why,
});

export const deleteAccountQuery = z.strictObject({ organisation: organisation.optional(), ...why });
export const deletedAccount = z.object({ id: z.string() });
