// Forward migrations: numbered SQL files of one owner, each applied once, in order, under an advisory lock.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { connectOnce } from "./pool.ts";

export interface MigrationSet {
  /** The owning service; also the name under which versions are kept. */
  owner: string;
  /** Folder of files named `0001_what_it_does.sql`. */
  folder: string;
}

export interface Migration {
  version: number;
  name: string;
  sql: string;
  sha256: string;
}

const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** The migrations of a folder, ascending. Throws when a file has another name or a number is missing or doubled. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const version = Number(FILE.exec(name)?.[1]);
      if (version !== index + 1)
        throw new Error(`${join(folder, name)}: expected number ${index + 1}, as 0001_name.sql`);
      const sql = await readFile(join(folder, name), "utf8");
      return { version, name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/**
 * Applies what is missing, each file in a transaction of its own, and returns the names applied.
 * `ownerUrl` must be allowed to create schemas. A file that was applied and has changed since is an error.
 */
export async function migrate(ownerUrl: string, { owner, folder }: MigrationSet): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = await connectOnce(ownerUrl, `waybill-${owner}-migrate`);
  try {
    // Session-level: held until the connection ends, so that two launchers take turns.
    await client.query("SELECT pg_advisory_lock(hashtext('waybill.migrations'))");
    await client.query(`
      CREATE SCHEMA IF NOT EXISTS waybill_meta;
      CREATE TABLE IF NOT EXISTS waybill_meta.migration (
        owner text NOT NULL, version int NOT NULL, name text NOT NULL, sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (owner, version));
      REVOKE ALL ON SCHEMA waybill_meta FROM PUBLIC;
      REVOKE ALL ON waybill_meta.migration FROM PUBLIC;`);
    await letServiceLook(client, owner);
    return await applyMissing(client, owner, migrations);
  } finally {
    await client.end();
  }
}

/** The owner's service compares the version it finds with the one it needs; nobody else has to. */
async function letServiceLook(client: pg.Client, owner: string): Promise<void> {
  const role = `waybill_${owner}`;
  const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
  if (rowCount === 0) return;
  const quoted = client.escapeIdentifier(role);
  await client.query(`
    GRANT USAGE ON SCHEMA waybill_meta TO ${quoted};
    GRANT SELECT ON waybill_meta.migration TO ${quoted};`);
}

async function applyMissing(client: pg.Client, owner: string, migrations: Migration[]): Promise<string[]> {
  const done = await client.query<{ version: number; sha256: string }>(
    "SELECT version, sha256 FROM waybill_meta.migration WHERE owner = $1",
    [owner],
  );
  const applied = new Map(done.rows.map((row) => [row.version, row.sha256]));
  const names: string[] = [];
  for (const { version, name, sql, sha256 } of migrations) {
    const known = applied.get(version);
    if (known === sha256) continue;
    if (known !== undefined) throw new Error(`${owner}/${name} was changed after it had been applied`);
    try {
      await client.query("BEGIN");
      await client.query(sql);
      await client.query("INSERT INTO waybill_meta.migration (owner, version, name, sha256) VALUES ($1, $2, $3, $4)", [
        owner,
        version,
        name,
        sha256,
      ]);
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK").catch(() => {});
      throw new Error(`${owner}/${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    names.push(name);
  }
  return names;
}
