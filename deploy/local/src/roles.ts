// Applies deploy/postgres/roles.sql: one database role per service that keeps data, and the reader for finance.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { connectOnce, sqlState } from "@waybill/store";
import { PlainError } from "./plain-error.ts";
import { scramVerifier } from "./scram-verifier.ts";

const rolesFile = fileURLToPath(new URL("../../postgres/roles.sql", import.meta.url));
/** Roles belong to the whole cluster; two launchers on two of its databases may touch them at once. */
const attemptsMax = 8;
const retryDelayMs = 60;
const changedMeanwhile = new Set(["XX000", "23505", "42710", "40001", "40P01"]);

export type RoleName = "waybill_router" | "waybill_budget" | "waybill_ledger" | "finance_reader";
export const roleNames: readonly RoleName[] = ["waybill_router", "waybill_budget", "waybill_ledger", "finance_reader"];
export type RolePasswords = Readonly<Record<RoleName, string>>;

/** The owner of DATABASE_URL may not create roles: `sql` is what an administrator has to run. It holds no plain password. */
export class RolesRefused extends PlainError {
  readonly sql: string;
  constructor(owner: string, sql: string) {
    super(
      `the role "${owner}" of DATABASE_URL may not create roles; have an administrator run the SQL and start again.`,
    );
    this.sql = sql;
  }
}

/**
 * Makes the roles, or gives existing ones these passwords. An owner who may not is content with roles that can already
 * log in; otherwise rejects with RolesRefused.
 */
export async function applyRoles(ownerUrl: string, passwords: RolePasswords): Promise<void> {
  const client = await connectOnce(ownerUrl, "waybill-roles");
  try {
    const found = await client.query<{ name: string; allowed: boolean }>(
      "SELECT current_user AS name, rolsuper OR rolcreaterole AS allowed FROM pg_roles WHERE rolname = current_user",
    );
    const owner = found.rows[0];
    if (owner?.allowed !== true) {
      if (await everyRoleLogsIn(ownerUrl, passwords)) return;
      throw new RolesRefused(owner?.name ?? "?", await renderRoles(passwords));
    }
    const sql = await renderRoles(passwords);
    for (let attempt = 1; ; attempt++) {
      try {
        await client.query(sql);
        return;
      } catch (error) {
        if (attempt === attemptsMax || !changedMeanwhile.has(sqlState(error) ?? "")) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs * attempt));
      }
    }
  } finally {
    await client.end();
  }
}

/** The file with its psql variables filled in. */
export async function renderRoles(passwords: RolePasswords): Promise<string> {
  const values = new Map(roleNames.map((role) => [`${role}_password`, scramVerifier(passwords[role])]));
  return fillVariables(await readFile(rolesFile, "utf8"), values);
}

/** Replaces `:'name'` as psql would, quoted. Throws on a variable without a value. */
export function fillVariables(sql: string, values: ReadonlyMap<string, string>): string {
  return sql.replace(/:'([a-z_]+)'/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`roles.sql names the variable ${name}, which has no value`);
    return `'${value.replaceAll("'", "''")}'`;
  });
}

/** The same database as another role. */
export function urlAs(databaseUrl: string, role: string, password: string): string {
  const url = new URL(databaseUrl);
  url.username = encodeURIComponent(role);
  url.password = encodeURIComponent(password);
  return url.href;
}

async function everyRoleLogsIn(ownerUrl: string, passwords: RolePasswords): Promise<boolean> {
  const logins = roleNames.map(async (role) => {
    const client = await connectOnce(urlAs(ownerUrl, role, passwords[role]), "waybill-roles");
    await client.end();
  });
  return (await Promise.allSettled(logins)).every(({ status }) => status === "fulfilled");
}
