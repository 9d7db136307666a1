// What administrators see of accounts: organisations, teams, users, and the audit log of it all.
import type { Pool } from "@waybill/store";
import { AuditEntry, Organisation, Team, User } from "@waybill/wire";

export interface AdminAccounts {
  /** At most 10,000, by id. */
  listOrganisations(): Promise<Organisation[]>;
  /** Empty organisation: all. At most 10,000, by organisation and id. */
  listTeams(organisationId: string): Promise<Team[]>;
  /** By organisation and id, behind a place of that order. */
  listUsers(page: {
    organisationId: string;
    teamId: string;
    after: [organisation: string, id: string];
    limit: number;
  }): Promise<User[]>;
  /** Newest first, before an id; organisation empty: of everybody. */
  listAudit(page: { beforeId: bigint | undefined; limit: number; organisationId: string }): Promise<AuditEntry[]>;
}

const LISTED_MAX = 10_000;
const MS = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)::bigint`;

interface TeamRow {
  organisation_id: string;
  id: string;
  name: string;
  cost_centre: string;
  user_count: number;
  key_count: number;
}

interface UserRow {
  organisation_id: string;
  id: string;
  team_id: string;
  name: string;
  key_count: number;
}

interface AuditRow {
  id: bigint;
  at_ms: bigint;
  actor_id: string;
  actor_name: string;
  action: string;
  kind: string;
  name: string;
  reason: string;
  organisation_id: string;
  before: string;
  after: string;
}

const LIST_TEAMS = `
  SELECT t.organisation_id, t.id, t.name, t.cost_centre, count(DISTINCT u.id)::int AS user_count, count(k.key_id)::int AS key_count
  FROM accounts.team t
  LEFT JOIN accounts.app_user u ON u.organisation_id = t.organisation_id AND u.team_id = t.id
  LEFT JOIN accounts.virtual_key k ON k.organisation_id = u.organisation_id AND k.user_id = u.id
  WHERE $1 = '' OR t.organisation_id = $1
  GROUP BY t.organisation_id, t.id ORDER BY t.organisation_id, t.id LIMIT ${LISTED_MAX}`;

const LIST_USERS = `
  SELECT u.organisation_id, u.id, u.team_id, u.name,
    (SELECT count(*) FROM accounts.virtual_key k WHERE k.organisation_id = u.organisation_id AND k.user_id = u.id)::int AS key_count
  FROM accounts.app_user u
  WHERE ($1 = '' OR u.organisation_id = $1) AND ($2 = '' OR u.team_id = $2) AND (u.organisation_id, u.id) > ($3, $4)
  ORDER BY u.organisation_id, u.id LIMIT $5`;

const LIST_AUDIT = `
  SELECT id, ${MS("at")} AS at_ms, actor_id, actor_name, action, kind, name, reason, organisation_id,
    coalesce(before::text, '') AS before, coalesce(after::text, '') AS after
  FROM accounts.audit
  WHERE id < coalesce($1, 9223372036854775807) AND ($2 = '' OR organisation_id = $2) ORDER BY id DESC LIMIT $3`;

export function adminAccounts(pool: Pool): AdminAccounts {
  return {
    async listOrganisations() {
      const { rows } = await pool.query<{ id: string; name: string }>(
        `SELECT id, name FROM accounts.organisation ORDER BY id LIMIT ${LISTED_MAX}`,
      );
      return rows.map((row) => Organisation.create(row));
    },
    async listTeams(organisationId) {
      const { rows } = await pool.query<TeamRow>(LIST_TEAMS, [organisationId]);
      return rows.map(toTeam);
    },
    async listUsers({ organisationId, teamId, after, limit }) {
      const { rows } = await pool.query<UserRow>(LIST_USERS, [organisationId, teamId, ...after, limit]);
      return rows.map(toUser);
    },
    async listAudit({ beforeId, limit, organisationId }) {
      const { rows } = await pool.query<AuditRow>(LIST_AUDIT, [beforeId ?? null, organisationId, limit]);
      return rows.map(toEntry);
    },
  };
}

function toTeam(row: TeamRow): Team {
  const { organisation_id: organisationId, id, name, cost_centre: costCentre } = row;
  return Team.create({ organisationId, id, name, costCentre, userCount: row.user_count, keyCount: row.key_count });
}

function toUser({ organisation_id: organisationId, id, team_id: teamId, name, key_count: keyCount }: UserRow): User {
  return User.create({ organisationId, id, teamId, name, keyCount });
}

function toEntry(row: AuditRow): AuditEntry {
  return AuditEntry.create({
    id: row.id.toString(),
    atMs: row.at_ms,
    actor: { adminKeyId: row.actor_id, name: row.actor_name },
    action: row.action,
    kind: row.kind,
    name: row.name,
    reason: row.reason,
    organisationId: row.organisation_id,
    beforeJson: row.before,
    afterJson: row.after,
  });
}
