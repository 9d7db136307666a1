// What test processes of one user must know to share a Postgres: written by its keeper, read by everybody who joins.

import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RolePasswords } from "@waybill/local";
import { testHome } from "../test-folder.ts";

export interface ClusterFile {
  /** The superuser's address; its database is `waybill`. */
  readonly ownerUrl: string;
  /** Roles belong to the whole cluster, so all databases in it share their passwords. */
  readonly rolePasswords: RolePasswords;
  readonly keeperPid: number;
  /** The keeper says `secret` to whoever connects here, and keeps the cluster while somebody is connected. */
  readonly leasePort: number;
  readonly secret: string;
}

const path = join(testHome, "postgres-cluster.json");

export async function readClusterFile(): Promise<ClusterFile | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ClusterFile;
  } catch {
    return undefined;
  }
}

/** The last keeper to write wins; one that nobody finds any more ends for want of users. */
export async function writeClusterFile(cluster: ClusterFile): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(unfinished, JSON.stringify(cluster), { mode: 0o600 });
  await rename(unfinished, path);
}
