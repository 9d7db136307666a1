// What applying a file of accounts would do, step by step, in an order in which each step can be done: what is made comes before what is
// in it, what goes goes last, keys before users before teams.
import type { Key, Organisation, Team, User } from "../api/accounts.ts";
import type { AccountsFile, FileKey, FileOrganisation, FileUser } from "./accounts-file.ts";

/** What there is now, of the organisations that the file names. */
export interface PresentAccounts {
  organisations: readonly Organisation[];
  teams: readonly Team[];
  users: readonly User[];
  /** That are not revoked. */
  keys: readonly Key[];
}

export interface Step {
  action: "create" | "update" | "revoke" | "delete";
  kind: "organisation" | "team" | "user" | "key";
  organisation: string;
  /** Of a key to create or update: its name; to revoke, too. */
  name: string;
  /** Of a key that is there: its id. */
  keyId?: string;
  /** Of a key to create. */
  user?: string;
  /** What is sent: everything of a new one, what changes of one that is there. */
  fields: Record<string, unknown>;
}

/** `prune`: what the file does not name goes, where it speaks of the like at all. Organisations never go. */
export function planAccounts(file: AccountsFile, present: PresentAccounts, prune: boolean): Step[] {
  const making = file.organisations.flatMap((organisation) => planOrganisation(organisation, present));
  if (!prune) return making;
  const going = file.organisations.flatMap((organisation) => planGoing(organisation, present));
  const phases = ["key", "user", "team"] as const;
  return [...making, ...phases.flatMap((kind) => going.filter((step) => step.kind === kind))];
}

function planOrganisation(wanted: FileOrganisation, present: PresentAccounts): Step[] {
  const { id: organisation, name, teams = [] } = wanted;
  const steps: Step[] = [];
  const found = present.organisations.find(({ id }) => id === organisation);
  const base = { organisation, name: organisation };
  pushChange(steps, { ...base, kind: "organisation" }, { name }, found && { name: found.name }, { id: organisation });
  for (const team of teams) {
    const before = present.teams.find(({ organisationId, id }) => organisationId === organisation && id === team.id);
    const fields = { name: team.name, costCentre: team.costCentre };
    const step = { organisation, name: team.id, kind: "team" } as const;
    pushChange(steps, step, fields, before && { name: before.name, costCentre: before.costCentre }, { id: team.id });
  }
  for (const { id: teamId, users = [] } of teams) {
    for (const user of users) {
      const before = present.users.find(({ organisationId, id }) => organisationId === organisation && id === user.id);
      const step = { organisation, name: user.id, kind: "user" } as const;
      const fields = { name: user.name, teamId };
      pushChange(steps, step, fields, before && { name: before.name, teamId: before.teamId }, { id: user.id });
      for (const key of user.keys ?? []) pushKey(steps, organisation, user, key, present);
    }
  }
  return steps;
}

function pushKey(steps: Step[], organisation: string, user: FileUser, key: FileKey, present: PresentAccounts): void {
  const before = keysOf(present, organisation, user.id).find(({ name }) => name === key.name);
  const { name, ...fields } = key;
  const step = { organisation, name, user: user.id, kind: "key", ...(before && { keyId: before.id }) } as const;
  pushChange(steps, step, { ...fields }, before && pick(before, Object.keys(fields)), { userId: user.id, name });
}

function keysOf({ keys }: PresentAccounts, organisation: string, user: string): readonly Key[] {
  return keys.filter(({ organisationId, userId }) => organisationId === organisation && userId === user);
}

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, Reflect.get(from, name)]));
}

/** Nothing where nothing differs. */
function pushChange(
  steps: Step[],
  step: Omit<Step, "action" | "fields">,
  wanted: Record<string, unknown>,
  before: Record<string, unknown> | undefined,
  identity: Record<string, unknown>,
): void {
  if (!before) {
    steps.push({ ...step, action: "create", fields: { ...identity, ...wanted } });
    return;
  }
  const changed = Object.entries(wanted).filter(([name, value]) => canonical(value) !== canonical(before[name]));
  if (changed.length > 0) steps.push({ ...step, action: "update", fields: Object.fromEntries(changed) });
}

/** The order of names in a map says nothing; that of a list neither, where it is a set. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return JSON.stringify([...value].sort());
  if (typeof value === "object" && value !== null) return JSON.stringify(Object.entries(value).sort());
  return JSON.stringify(value);
}

function planGoing({ id: organisation, teams }: FileOrganisation, present: PresentAccounts): Step[] {
  if (!teams) return [];
  const steps: Step[] = [];
  const ofHere = <T extends { organisationId: string }>(all: readonly T[]): T[] =>
    all.filter(({ organisationId }) => organisationId === organisation);
  const named = new Map(teams.flatMap(({ users = [] }) => users.map((user) => [user.id, user])));
  const speaksOfUsers = new Set(teams.filter(({ users }) => users !== undefined).map(({ id }) => id));
  const goingTeams = new Set(
    ofHere(present.teams)
      .filter(({ id }) => !teams.some((team) => team.id === id))
      .map(({ id }) => id),
  );
  const goes = ({ id, teamId }: User): boolean =>
    !named.has(id) && (speaksOfUsers.has(teamId) || goingTeams.has(teamId));
  const goingUsers = new Set(
    ofHere(present.users)
      .filter(goes)
      .map(({ id }) => id),
  );
  for (const { id, name, userId } of ofHere(present.keys)) {
    const { keys } = named.get(userId) ?? {};
    const isMeant = keys?.some((key) => key.name === name) ?? keys === undefined;
    if (isMeant && !goingUsers.has(userId)) continue;
    steps.push({ action: "revoke", kind: "key", organisation, name, keyId: id, user: userId, fields: {} });
  }
  for (const user of goingUsers) steps.push({ action: "delete", kind: "user", organisation, name: user, fields: {} });
  for (const team of goingTeams) steps.push({ action: "delete", kind: "team", organisation, name: team, fields: {} });
  return steps;
}
