// Organisations, teams and users: made, changed, and deleted once nothing needs them any more.
import type { Client, Pool } from "@waybill/store";
import { Organisation, Team, User } from "@waybill/wire";
import { ACCOUNTS_MAX, checkCostCentre, checkId, checkName, checkRoom } from "../core/account-rules.ts";
import {
  type ChangeBy,
  changeAccounts,
  checkOwn,
  differs,
  notFound,
  refuseInUse,
  writeAudit,
} from "./account-change.ts";

/** A key whose revision was raised, to be told to the ingresses. */
export interface ChangedKey {
  keyId: string;
  revision: bigint;
}

interface TeamFields {
  name?: string | undefined;
  costCentre?: string | undefined;
}

interface UserFields {
  name?: string | undefined;
  teamId?: string | undefined;
}

/** Each in one transaction with its audit row. Throws WaybillError: invalid_value, not_found, already_exists, in_use, accounts_unavailable. */
export interface AdministerOrganisations {
  createOrganisation(by: ChangeBy, id: string, name: string): Promise<Organisation>;
  updateOrganisation(by: ChangeBy, id: string, name: string): Promise<Organisation>;
  deleteOrganisation(by: ChangeBy, id: string): Promise<void>;
  createTeam(by: ChangeBy, organisationId: string, id: string, fields: TeamFields): Promise<Team>;
  updateTeam(by: ChangeBy, organisationId: string, id: string, fields: TeamFields): Promise<Team>;
  deleteTeam(by: ChangeBy, organisationId: string, id: string): Promise<void>;
  createUser(by: ChangeBy, organisationId: string, id: string, fields: UserFields): Promise<User>;
  /** One who moves takes the keys along: they are named, because each has changed. */
  updateUser(
    by: ChangeBy,
    organisationId: string,
    id: string,
    fields: UserFields,
  ): Promise<{ user: User; keys: ChangedKey[] }>;
  /** Revoked keys go along. */
  deleteUser(by: ChangeBy, organisationId: string, id: string): Promise<void>;
}

export function administerOrganisations(pool: Pool): AdministerOrganisations {
  const change = <T>(work: (client: Client) => Promise<T>): Promise<T> => changeAccounts(pool, work);
  return {
    createOrganisation: (by, id, name) => change((client) => createOrganisation(client, by, id, name)),
    updateOrganisation: (by, id, name) => change((client) => updateOrganisation(client, by, id, name)),
    deleteOrganisation: (by, id) => change((client) => deleteOrganisation(client, by, id)),
    createTeam: (by, organisationId, id, fields) =>
      change((client) => createTeam(client, by, organisationId, id, fields)),
    updateTeam: (by, organisationId, id, fields) =>
      change((client) => updateTeam(client, by, organisationId, id, fields)),
    deleteTeam: (by, organisationId, id) => change((client) => deleteTeam(client, by, organisationId, id)),
    createUser: (by, organisationId, id, fields) =>
      change((client) => createUser(client, by, organisationId, id, fields)),
    updateUser: (by, organisationId, id, fields) =>
      change((client) => updateUser(client, by, organisationId, id, fields)),
    deleteUser: (by, organisationId, id) => change((client) => deleteUser(client, by, organisationId, id)),
  };
}

async function createOrganisation(client: Client, by: ChangeBy, id: string, name: string): Promise<Organisation> {
  checkId("id", id);
  checkName("name", name);
  checkOwn(by, id, "organisation");
  const { rows } = await client.query<{ n: number }>("SELECT count(*)::int AS n FROM accounts.organisation");
  checkRoom(rows[0]?.n ?? 0, ACCOUNTS_MAX.organisations, "organisations");
  await client.query("INSERT INTO accounts.organisation (id, name) VALUES ($1, $2)", [id, name]);
  await writeAudit(client, by, {
    action: "create",
    kind: "organisation",
    name: id,
    organisationId: id,
    after: { name },
  });
  return Organisation.create({ id, name });
}

async function updateOrganisation(client: Client, by: ChangeBy, id: string, name: string): Promise<Organisation> {
  checkName("name", name);
  const before = await lockOrganisation(client, by, id);
  if (before.name === name) return Organisation.create({ id, name });
  await client.query("UPDATE accounts.organisation SET name = $2 WHERE id = $1", [id, name]);
  const audited = { action: "update", kind: "organisation", name: id, organisationId: id } as const;
  await writeAudit(client, by, { ...audited, before, after: { name } });
  return Organisation.create({ id, name });
}

/** Whatever is made in it waits until the transaction ends: it locks the same row. */
async function lockOrganisation(client: Client, by: ChangeBy, id: string): Promise<{ name: string }> {
  checkOwn(by, id, "organisation");
  const text = "SELECT name FROM accounts.organisation WHERE id = $1 FOR UPDATE";
  const { rows } = await client.query<{ name: string }>(text, [id]);
  return rows[0] ?? fail("organisation");
}

function fail(what: string): never {
  throw notFound(what);
}

async function deleteOrganisation(client: Client, by: ChangeBy, id: string): Promise<void> {
  const before = await lockOrganisation(client, by, id);
  const { rows } = await client.query<{ teams: number; budgets: number; admin_keys: number }>(
    `SELECT (SELECT count(*) FROM accounts.team WHERE organisation_id = $1)::int AS teams,
       (SELECT count(*) FROM budget.budget WHERE organisation_id = $1)::int AS budgets,
       (SELECT count(*) FROM accounts.admin_key WHERE organisation_id = $1 AND revoked_at IS NULL)::int AS admin_keys`,
    [id],
  );
  const { teams = 0, budgets = 0, admin_keys: adminKeys = 0 } = rows[0] ?? {};
  const advice =
    "Delete its teams and budgets and revoke its admin keys first; counters of routes go by themselves after 35 days.";
  refuseInUse(
    "organisation",
    [
      [teams, "teams"],
      [budgets, "budgets or counters of routes"],
      [adminKeys, "admin keys that are not revoked"],
    ],
    advice,
  );
  // Says that there are no counters.
  await client.query("DELETE FROM budget.limit_count WHERE organisation_id = $1 AND count = 0", [id]);
  await client.query("DELETE FROM accounts.organisation WHERE id = $1", [id]);
  await writeAudit(client, by, { action: "delete", kind: "organisation", name: id, organisationId: id, before });
}

interface TeamState {
  name: string;
  costCentre: string;
}

async function createTeam(
  client: Client,
  by: ChangeBy,
  organisationId: string,
  id: string,
  { name = id, costCentre = "" }: TeamFields,
): Promise<Team> {
  checkId("id", id);
  checkName("name", name);
  checkCostCentre("costCentre", costCentre);
  await lockOrganisation(client, by, organisationId);
  const count = "SELECT count(*)::int AS n FROM accounts.team WHERE organisation_id = $1";
  const { rows } = await client.query<{ n: number }>(count, [organisationId]);
  checkRoom(rows[0]?.n ?? 0, ACCOUNTS_MAX.teamsOfOrganisation, "teams in this organisation");
  await client.query("INSERT INTO accounts.team (organisation_id, id, name, cost_centre) VALUES ($1, $2, $3, $4)", [
    ...[organisationId, id, name, costCentre],
  ]);
  const after: TeamState = { name, costCentre };
  await writeAudit(client, by, { action: "create", kind: "team", name: id, organisationId, after });
  return Team.create({ organisationId, id, ...after });
}

async function updateTeam(
  client: Client,
  by: ChangeBy,
  organisationId: string,
  id: string,
  fields: TeamFields,
): Promise<Team> {
  if (fields.name !== undefined) checkName("name", fields.name);
  if (fields.costCentre !== undefined) checkCostCentre("costCentre", fields.costCentre);
  const before = await lockTeam(client, by, organisationId, id);
  const after: TeamState = { name: fields.name ?? before.name, costCentre: fields.costCentre ?? before.costCentre };
  if (differs(before, after)) {
    const text = "UPDATE accounts.team SET name = $3, cost_centre = $4 WHERE organisation_id = $1 AND id = $2";
    await client.query(text, [organisationId, id, after.name, after.costCentre]);
    await writeAudit(client, by, { action: "update", kind: "team", name: id, organisationId, before, after });
  }
  const { rows } = await client.query<{ users: number; keys: number }>(
    `SELECT count(DISTINCT u.id)::int AS users, count(k.key_id)::int AS keys FROM accounts.app_user u
     LEFT JOIN accounts.virtual_key k ON k.organisation_id = u.organisation_id AND k.user_id = u.id
     WHERE u.organisation_id = $1 AND u.team_id = $2`,
    [organisationId, id],
  );
  return Team.create({ organisationId, id, ...after, userCount: rows[0]?.users ?? 0, keyCount: rows[0]?.keys ?? 0 });
}

async function lockTeam(client: Client, by: ChangeBy, organisationId: string, id: string): Promise<TeamState> {
  checkOwn(by, organisationId, "team");
  const { rows } = await client.query<{ name: string; cost_centre: string }>(
    "SELECT name, cost_centre FROM accounts.team WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
    [organisationId, id],
  );
  const { name, cost_centre: costCentre } = rows[0] ?? fail("team");
  return { name, costCentre };
}

async function deleteTeam(client: Client, by: ChangeBy, organisationId: string, id: string): Promise<void> {
  const before = await lockTeam(client, by, organisationId, id);
  const { rows } = await client.query<{ users: number; budgets: number }>(
    `SELECT (SELECT count(*) FROM accounts.app_user WHERE organisation_id = $1 AND team_id = $2)::int AS users,
       (SELECT count(*) FROM budget.budget WHERE organisation_id = $1 AND team_id = $2 AND origin = 'admin')::int AS budgets`,
    [organisationId, id],
  );
  const { users = 0, budgets = 0 } = rows[0] ?? {};
  const reasons = [[users, "users"] as const, [budgets, "budgets"] as const];
  refuseInUse("team", reasons, "Move or delete its users, and delete its budgets, first.");
  await client.query("DELETE FROM accounts.team WHERE organisation_id = $1 AND id = $2", [organisationId, id]);
  await writeAudit(client, by, { action: "delete", kind: "team", name: id, organisationId, before });
}

interface UserState {
  name: string;
  teamId: string;
}

async function createUser(
  client: Client,
  by: ChangeBy,
  organisationId: string,
  id: string,
  { name = id, teamId = "" }: UserFields,
): Promise<User> {
  checkId("id", id);
  checkName("name", name);
  await lockOrganisation(client, by, organisationId);
  await lockTeam(client, by, organisationId, teamId);
  const count = "SELECT count(*)::int AS n FROM accounts.app_user WHERE organisation_id = $1";
  const { rows } = await client.query<{ n: number }>(count, [organisationId]);
  checkRoom(rows[0]?.n ?? 0, ACCOUNTS_MAX.usersOfOrganisation, "users in this organisation");
  await client.query("INSERT INTO accounts.app_user (organisation_id, id, team_id, name) VALUES ($1, $2, $3, $4)", [
    ...[organisationId, id, teamId, name],
  ]);
  const after: UserState = { name, teamId };
  await writeAudit(client, by, { action: "create", kind: "user", name: id, organisationId, after });
  return User.create({ organisationId, id, ...after });
}

async function updateUser(
  client: Client,
  by: ChangeBy,
  organisationId: string,
  id: string,
  fields: UserFields,
): Promise<{ user: User; keys: ChangedKey[] }> {
  if (fields.name !== undefined) checkName("name", fields.name);
  // Teams before users: everybody locks in this order.
  if (fields.teamId !== undefined) await lockTeam(client, by, organisationId, fields.teamId);
  const before = await lockUser(client, by, organisationId, id);
  const after: UserState = { name: fields.name ?? before.name, teamId: fields.teamId ?? before.teamId };
  let keys: ChangedKey[] = [];
  if (differs(before, after)) {
    const text = "UPDATE accounts.app_user SET name = $3, team_id = $4 WHERE organisation_id = $1 AND id = $2";
    await client.query(text, [organisationId, id, after.name, after.teamId]);
    await writeAudit(client, by, { action: "update", kind: "user", name: id, organisationId, before, after });
  }
  if (before.teamId !== after.teamId) keys = await raiseKeys(client, organisationId, id);
  const count = "SELECT count(*)::int AS n FROM accounts.virtual_key WHERE organisation_id = $1 AND user_id = $2";
  const { rows } = await client.query<{ n: number }>(count, [organisationId, id]);
  return { user: User.create({ organisationId, id, ...after, keyCount: rows[0]?.n ?? 0 }), keys };
}

/** Other budgets match from now on. */
async function raiseKeys(client: Client, organisationId: string, userId: string): Promise<ChangedKey[]> {
  const { rows } = await client.query<{ key_id: string; revision: bigint }>(
    `UPDATE accounts.virtual_key SET revision = revision + 1
     WHERE organisation_id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING key_id, revision`,
    [organisationId, userId],
  );
  return rows.map(({ key_id: keyId, revision }) => ({ keyId, revision }));
}

/** Whoever makes a key for the user locks the same row. */
export async function lockUser(client: Client, by: ChangeBy, organisationId: string, id: string): Promise<UserState> {
  checkOwn(by, organisationId, "user");
  const { rows } = await client.query<{ name: string; team_id: string }>(
    "SELECT name, team_id FROM accounts.app_user WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
    [organisationId, id],
  );
  const { name, team_id: teamId } = rows[0] ?? fail("user");
  return { name, teamId };
}

async function deleteUser(client: Client, by: ChangeBy, organisationId: string, id: string): Promise<void> {
  const before = await lockUser(client, by, organisationId, id);
  const { rows } = await client.query<{ keys: number; budgets: number }>(
    `SELECT (SELECT count(*) FROM accounts.virtual_key WHERE organisation_id = $1 AND user_id = $2 AND revoked_at IS NULL)::int AS keys,
       (SELECT count(*) FROM budget.budget WHERE organisation_id = $1 AND user_id = $2 AND origin = 'admin')::int AS budgets`,
    [organisationId, id],
  );
  const { keys = 0, budgets = 0 } = rows[0] ?? {};
  const reasons = [[keys, "keys that are not revoked"] as const, [budgets, "budgets"] as const];
  refuseInUse("user", reasons, "Revoke its keys and delete its budgets first.");
  // A key that is not there is refused like one that is revoked; what it spent stays on the books under its name.
  await client.query("DELETE FROM accounts.virtual_key WHERE organisation_id = $1 AND user_id = $2", [
    organisationId,
    id,
  ]);
  await client.query("DELETE FROM accounts.app_user WHERE organisation_id = $1 AND id = $2", [organisationId, id]);
  await writeAudit(client, by, { action: "delete", kind: "user", name: id, organisationId, before });
}
