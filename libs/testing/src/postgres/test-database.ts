// A database of its own for each test file: a clone of a template that has been migrated once for this set of migrations.

import { createHash, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { applyRoles, type RoleName, urlAs } from "@waybill/local";
import { connectOnce, type MigrationSet, migrate, readMigrations } from "@waybill/store";
import { joinCluster } from "./cluster.ts";
import type { ClusterFile } from "./cluster-file.ts";

export interface TestDatabaseOptions {
  /** Applied in this order. */
  readonly migrations: readonly MigrationSet[];
}

export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** The owner's, a superuser: migrates and looks everywhere. */
  readonly ownerUrl: string;
  /** As one of our roles, with no more than its migrations grant it. */
  urlAs(role: RoleName): string;
  /** Ends all sessions in it and drops it. */
  stop(): Promise<void>;
}

type OwnerClient = Awaited<ReturnType<typeof connectOnce>>;

/** Cloning needs a template that nobody is connected to, so one clone is made at a time. */
const LOCK = "SELECT pg_advisory_lock(hashtext('waybill.test-database'))";

/** The migrations of `services/<owner>/migrations`. */
export function migrationsOf(owner: string): MigrationSet {
  return { owner, folder: fileURLToPath(new URL(`../../../../services/${owner}/migrations`, import.meta.url)) };
}

export async function startTestDatabase({ migrations }: TestDatabaseOptions): Promise<TestDatabase> {
  const cluster = await joinCluster();
  const name = `test_${randomBytes(8).toString("hex")}`;
  const ownerUrl = withDatabase(cluster.ownerUrl, name);
  const client = await connectOnce(cluster.ownerUrl, "waybill-test-database");
  try {
    await client.query(LOCK);
    const template = await ensureTemplate(client, cluster, migrations);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    // Who may connect belongs to the database and is not cloned with it.
    await applyRoles(ownerUrl, cluster.rolePasswords);
  } finally {
    await client.end();
  }
  const stop = () => dropDatabase(cluster, name);
  return {
    name,
    ownerUrl,
    urlAs: (role) => urlAs(ownerUrl, role, cluster.rolePasswords[role]),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Its name holds the hash of what was applied, so a changed migration makes another template. */
async function ensureTemplate(
  client: OwnerClient,
  cluster: ClusterFile,
  migrations: readonly MigrationSet[],
): Promise<string> {
  const hash = createHash("sha256");
  for (const { owner, folder } of migrations) {
    for (const { name, sha256 } of await readMigrations(folder)) hash.update(`${owner}/${name} ${sha256}\n`);
  }
  const template = `template_${hash.digest("hex").slice(0, 24)}`;
  const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [template]);
  if (found.rowCount === 1) return template;

  // Gets its name when it is finished, so that a half-made one is never cloned.
  const unfinished = `unfinished_${randomBytes(8).toString("hex")}`;
  await client.query(`CREATE DATABASE ${unfinished}`);
  try {
    const url = withDatabase(cluster.ownerUrl, unfinished);
    await applyRoles(url, cluster.rolePasswords);
    for (const set of migrations) await migrate(url, set);
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
  } catch (error) {
    await client.query(`DROP DATABASE ${unfinished} WITH (FORCE)`);
    throw error;
  }
  return template;
}

async function dropDatabase(cluster: ClusterFile, name: string): Promise<void> {
  const client = await connectOnce(cluster.ownerUrl, "waybill-test-database");
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}

function withDatabase(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}
