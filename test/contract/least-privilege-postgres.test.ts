// Least privilege in Postgres: every role against every table of every schema, by trying it on a real server after all owners'
// migrations. The table of rights stands here and is not derived from the SQL.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { RoleName } from "@waybill/local";
import { connectOnce, sqlState } from "@waybill/store";
import { migrationsOf, startTestDatabase, type TestDatabase } from "@waybill/testing";

const ROLES: readonly RoleName[] = ["waybill_router", "waybill_budget", "waybill_ledger", "finance_reader"];

/** S elect, I nsert, U pdate (or only the columns named), D elete, T runcate; what is not listed is nothing. */
type Rights = Readonly<Record<RoleName, Readonly<Record<string, string>>>>;

const EXPECTED: Rights = {
  waybill_router: {
    "routing.version": "SI",
    "routing.price": "SI",
    "routing.deployment": "SIUD",
    "routing.route": "SIU(name,modified_at,deleted_at)",
    "routing.route_version": "SI",
    "routing.route_deployment": "SI",
    "routing.audit": "SI",
    "routing.file_entry": "SIUD",
    "waybill_meta.migration": "S",
  },
  waybill_budget: {
    "accounts.organisation": "SIU(name)D",
    "accounts.team": "SIU(name,cost_centre)D",
    "accounts.app_user": "SIU(team_id,name)D",
    "accounts.virtual_key":
      "SIU(secret_sha256,name,tags,metadata,allowed_models,expires_at,revoked_at,allowed_routes,allowed_surfaces,max_output_tokens_default,previous_secret_sha256,previous_secret_until,revision)D",
    "accounts.admin_key":
      "SIU(secret_sha256,name,role,expires_at,revoked_at,previous_secret_sha256,previous_secret_until)",
    "accounts.audit": "SI",
    "budget.budget": "S",
    "budget.revision": "S",
    "budget.budget_window": "SU",
    "budget.credit_grant": "SIUD",
    "budget.hold": "SIUD",
    "budget.settled_record": "SID",
    "budget.limit_count": "SD",
    "budget.forgotten_spend": "SIUD",
    "budget.rate_limit": "S",
    "budget.rate_bucket": "SIUD",
    "budget.spend": "SIUD",
    "budget.session_call": "SID",
    "budget.alert": "SIU(published_at)D",
    "budget.alert_watch": "SU(looked_minute)",
    "budget.webhook": "SID",
    "budget.webhook_delivery": "SIUD",
    "budget.webhook_follow": "SIU",
    "waybill_meta.migration": "S",
  },
  // Append-only books: no UPDATE, no DELETE, whatever the service is made to do. Old decisions are forgotten.
  waybill_ledger: {
    "ledger.usage_record": "SI",
    "ledger.revision": "SI",
    "ledger.entry": "SI",
    "ledger.attribution": "SI",
    "ledger.routing": "SI",
    "ledger.price": "SI",
    "ledger.carrier": "SI",
    "ledger.account": "SI",
    "ledger.closed_month": "SI",
    "ledger.checkpoint": "SI",
    "ledger.invoice": "SI",
    "ledger.invoice_line": "SI",
    "ledger.superseded_invoice": "SI",
    "ledger.invoice_name": "SI",
    "ledger.true_up_approval": "SI",
    "ledger.true_up": "SI",
    "ledger.invoice_that_holds": "S",
    "ledger.event_position": "SU(place,moved_at)",
    "ledger.entry_line": "S",
    "ledger.month": "S",
    "ledger.usage_hour": "S",
    "ledger.usage_day": "S",
    "ledger.usage_hour_of_entries": "S",
    "ledger.usage_day_of_hours": "S",
    "ledger.entry_whole": "S",
    "ledger.posting": "S",
    "ledger.attempt": "S",
    "ledger.problem": "S",
    "requests.decision": "SID",
    "requests.answer_finding": "SID",
    "finance.focus_1_4": "S",
    "ledger.baseline": "SI",
    "ledger.baseline_rate": "SI",
    "ledger.quality_figure": "SI",
    "ledger.attempt_savings": "S",
    "ledger.savings": "S",
    "waybill_meta.migration": "S",
  },
  finance_reader: {
    "finance.cost_by_team_day": "S",
    "finance.cost_by_account_day": "S",
    "finance.suspect_attempt": "S",
    "finance.cost_by_day": "S",
    "finance.month_statement": "S",
    "finance.unallocated": "S",
    "finance.wasted": "S",
    "finance.unit_cost": "S",
    "finance.top_movers": "S",
    "finance.cache_use": "S",
    "finance.focus_1_4": "S",
    "finance.reconciliation": "S",
    "finance.invoice_lines": "S",
    "finance.true_ups": "S",
    "finance.savings": "S",
    "finance.budget_against_actual": "S",
    "finance.savings_statement": "S",
  },
};

/** What nobody may do, each by its statement. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  "make a table in public": "CREATE TABLE public.mine (x int)",
  "make a temporary table": "CREATE TEMP TABLE mine (x int)",
  "make a schema": "CREATE SCHEMA mine",
  "make a table in ledger": "CREATE TABLE ledger.mine (x int)",
  "make a table in requests": "CREATE TABLE requests.mine (x int)",
  "make a table in budget": "CREATE TABLE budget.mine (x int)",
  "make a table in routing": "CREATE TABLE routing.mine (x int)",
  "make a view in finance": "CREATE VIEW finance.mine AS SELECT 1",
  "make a role": "CREATE ROLE mine",
  "make a database": "CREATE DATABASE mine",
  "become a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
  "become another service": "SET ROLE waybill_budget",
  "become the ledger": "SET ROLE waybill_ledger",
  "change the past by dropping it": "DROP TABLE ledger.entry",
  "read a file of the server": "SELECT pg_read_file('PG_VERSION')",
  "run a program on the server": "COPY (SELECT 1) TO PROGRAM 'true'",
  "read the passwords": "SELECT rolpassword FROM pg_authid",
  "hide a function among the server's own": "CREATE FUNCTION pg_catalog.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
};
/** Its own role is no other service. */
const OWN: Readonly<Record<string, RoleName>> = {
  "become another service": "waybill_budget",
  "become the ledger": "waybill_ledger",
};

const NOT_ALLOWED = "42501";
/** A view that no rule writes through is refused for what it is before anybody asks who. */
const NOT_FOR_VIEWS = new Set(["55000", "42809"]);

type Client = Awaited<ReturnType<typeof connectOnce>>;

interface Relation {
  name: string;
  isView: boolean;
  columns: { name: string; type: string }[];
}

/** Every table and view that is not Postgres's own, with the columns a client may name. */
async function listRelations(url: string): Promise<Relation[]> {
  const owner = await connectOnce(url, "least-privilege");
  try {
    const { rows } = await owner.query<{ name: string; kind: string; columns: { name: string; type: string }[] }>(`
      SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind,
        json_agg(json_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod))
          ORDER BY a.attnum) FILTER (WHERE a.attidentity = '' AND a.attgenerated = '') AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg_toast%'
      GROUP BY n.nspname, c.relname, c.relkind ORDER BY 1`);
    return rows.map(({ name, kind, columns }) => ({ name, isView: kind === "v" || kind === "m", columns }));
  } finally {
    await owner.end();
  }
}

/** True when the server lets it pass; nothing is changed by it. */
async function may(client: Client, relation: Relation, statement: string): Promise<boolean> {
  await client.query("BEGIN");
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    const state = sqlState(error) ?? "";
    if (state === NOT_ALLOWED || (relation.isView && NOT_FOR_VIEWS.has(state))) return false;
    throw new Error(`${statement}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await client.query("ROLLBACK");
  }
}

async function rightsOn(client: Client, relation: Relation): Promise<string> {
  const { name, columns } = relation;
  const [first] = columns;
  assert.ok(first, `${name} has columns`);
  let rights = "";
  if (await may(client, relation, `SELECT * FROM ${name} LIMIT 0`)) rights += "S";
  const nothing = `INSERT INTO ${name} (${first.name}) SELECT NULL::${first.type} WHERE false`;
  if (await may(client, relation, nothing)) rights += "I";
  const updated: string[] = [];
  for (const column of columns) {
    if (await may(client, relation, `UPDATE ${name} SET ${column.name} = NULL WHERE false`)) updated.push(column.name);
  }
  if (updated.length > 0) rights += updated.length === columns.length ? "U" : `U(${updated.join(",")})`;
  if (await may(client, relation, `DELETE FROM ${name} WHERE false`)) rights += "D";
  if (await may(client, relation, `TRUNCATE ${name}`)) rights += "T";
  return rights;
}

async function asRole(database: TestDatabase, role: RoleName): Promise<Client> {
  const client = await connectOnce(database.urlAs(role), "least-privilege");
  // A session may always undo its own default; only rights count.
  await client.query("SET default_transaction_read_only = off");
  return client;
}

/** What the server lets each role do. */
async function actualRights(database: TestDatabase): Promise<Rights> {
  const relations = await listRelations(database.ownerUrl);
  const all = ROLES.map(async (role) => {
    const client = await asRole(database, role);
    try {
      const rights: Record<string, string> = {};
      for (const relation of relations) {
        const found = await rightsOn(client, relation);
        if (found !== "") rights[relation.name] = found;
      }
      return [role, rights] as const;
    } finally {
      await client.end();
    }
  });
  return Object.fromEntries(await Promise.all(all)) as Rights;
}

describe("in Postgres every role may do exactly its part", () => {
  let database: TestDatabase;
  before(async () => {
    database = await startTestDatabase({ migrations: ["router", "budget", "ledger"].map(migrationsOf) });
  });
  after(() => database.stop());

  async function asOwner<R extends object>(statement: string): Promise<R[]> {
    const owner = await connectOnce(database.ownerUrl, "least-privilege");
    try {
      return (await owner.query(statement)).rows as R[];
    } finally {
      await owner.end();
    }
  }

  it("tables and views", async () => {
    assert.deepEqual(await actualRights(database), EXPECTED);
  });

  for (const [what, statement] of Object.entries(FORBIDDEN)) {
    it(`nobody may ${what}`, async () => {
      for (const role of ROLES.filter((candidate) => candidate !== OWN[what])) {
        const client = await asRole(database, role);
        try {
          await assert.rejects(
            client.query(statement),
            (error) => sqlState(error) === NOT_ALLOWED,
            `${role}: ${statement}`,
          );
        } finally {
          await client.end();
        }
      }
    });
  }

  it("functions that run as the owner can be called by the service that needs them alone", async () => {
    const found = await asOwner(`
      SELECT p.oid::regproc::text AS name, array_agg(r.rolname::text ORDER BY r.rolname) AS roles
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_roles r ON r.rolname IN (${ROLES.map((role) => `'${role}'`).join(", ")})
        AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
      WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)' AND p.prorettype <> 'trigger'::regtype
      GROUP BY p.oid ORDER BY name`);
    assert.deepEqual(found, [
      { name: "budget.begin_next_windows", roles: ["waybill_budget"] },
      { name: "budget.begin_windows", roles: ["waybill_budget"] },
      { name: "budget.delete_budget", roles: ["waybill_budget"] },
      { name: "budget.delete_rate_limit", roles: ["waybill_budget"] },
      { name: "budget.forget_deleted", roles: ["waybill_budget"] },
      { name: "budget.forget_limits", roles: ["waybill_budget"] },
      { name: "budget.make_counters", roles: ["waybill_budget"] },
      { name: "budget.make_limits", roles: ["waybill_budget"] },
      { name: "budget.raise_budget", roles: ["waybill_budget"] },
      { name: "budget.save_budget", roles: ["waybill_budget"] },
      { name: "budget.save_rate_limit", roles: ["waybill_budget"] },
      { name: "ledger.add_sums", roles: ["waybill_ledger"] },
      { name: "ledger.budget_windows", roles: ["finance_reader"] },
      { name: "ledger.drop_month", roles: ["waybill_ledger"] },
      { name: "ledger.open_months", roles: ["waybill_ledger"] },
      { name: "ledger.rebuild_roll_ups", roles: ["waybill_ledger"] },
      { name: "ledger.reconcile", roles: ["finance_reader", "waybill_ledger"] },
    ]);
  });

  it("nobody may give a right away", async () => {
    const found = await asOwner(`
      SELECT c.oid::regclass::text AS name, a.grantee::regrole::text AS role
      FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
      WHERE a.is_grantable AND a.grantee::regrole::text IN (${ROLES.map((role) => `'${role}'`).join(", ")})`);
    assert.deepEqual(found, []);
  });

  it("finance only reads, and not for ever", async () => {
    const client = await connectOnce(database.urlAs("finance_reader"), "least-privilege");
    try {
      const { rows } = await client.query<{ read_only: string; timeout: string }>(
        `SELECT current_setting('default_transaction_read_only') AS read_only, current_setting('statement_timeout') AS timeout`,
      );
      assert.deepEqual(rows, [{ read_only: "on", timeout: "1min" }]);
    } finally {
      await client.end();
    }
  });

  it("would report a right too many, a right too few and a right on one column", async () => {
    await asOwner(`
      GRANT USAGE ON SCHEMA ledger TO finance_reader;
      GRANT SELECT ON ledger.entry TO finance_reader;
      REVOKE INSERT ON ledger.entry FROM waybill_ledger;
      GRANT UPDATE (cost_usd) ON ledger.entry TO waybill_ledger`);
    const found = await actualRights(database);
    assert.throws(() => assert.deepEqual(found, EXPECTED));
    assert.equal(found.finance_reader["ledger.entry"], "S");
    assert.equal(found.waybill_ledger["ledger.entry"], "SU(cost_usd)");
  });
});
