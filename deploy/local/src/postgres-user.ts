// PostgreSQL refuses to run as root. This decides as whom it runs instead, and makes sure that user can enter the folders.

import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { PlainError } from "./plain-error.ts";

const run = promisify(execFile);
/** A folder that every user may enter and that outlives a restart of the machine, for what lies in a closed one. */
const openFolder = "/var/tmp";

/** How to start PostgreSQL's programs, and where its programs and its data then are. */
export interface PostgresUser {
  /** Put before the program's own name and arguments. */
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** The folder with `bin`, `lib` and `share`. */
  readonly programDir: string;
  readonly dataDir: string;
}

export interface PostgresFolders {
  readonly programDir: string;
  readonly dataDir: string;
}

/**
 * Not root: as we are. Root: inside a user namespace in which root is called `nobody`, which may enter every folder root may;
 * where the kernel forbids that, as the real `nobody`, with copies in an open folder of what it cannot enter.
 */
export async function choosePostgresUser(
  folders: PostgresFolders,
  namespaces: "where allowed" | "never" = "where allowed",
): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) return { prefix: [], ...folders };
  const nobody = await readUser("nobody");
  if (namespaces === "where allowed" && (await namespaceWorks(nobody.uid))) {
    await giveTo({ uid: 0, gid: 0 }, folders.dataDir);
    return { prefix: namespacePrefix(nobody.uid), ...folders };
  }
  const place = await openPlace(folders, nobody);
  await giveTo(nobody, place.dataDir);
  return { prefix: [], ...nobody, ...place };
}

export interface User {
  readonly uid: number;
  readonly gid: number;
}

function namespacePrefix(uid: number): readonly string[] {
  return ["unshare", "--user", `--map-user=${uid}`];
}

async function namespaceWorks(uid: number): Promise<boolean> {
  const [command = "", ...args] = [...namespacePrefix(uid), "true"];
  return await run(command, args).then(
    () => true,
    () => false,
  );
}

/** initdb looks its user up by name, so it must be one that the machine knows. */
async function readUser(name: string): Promise<User> {
  const users = await readFile("/etc/passwd", "utf8").catch(() => "");
  const fields = users
    .split("\n")
    .map((line) => line.split(":"))
    .find((line) => line[0] === name);
  const uid = Number(fields?.[2]);
  const gid = Number(fields?.[3]);
  if (!Number.isInteger(uid) || !Number.isInteger(gid)) {
    throw new PlainError(
      `PostgreSQL does not run as root and this machine has no user "${name}" to run it as; start as another user, or set DATABASE_URL.`,
    );
  }
  return { uid, gid };
}

/** Where everything is in an open place already, nothing moves. Else the data moves there and the programs are copied beside it. */
async function openPlace(folders: PostgresFolders, user: User): Promise<PostgresFolders> {
  const moved = await readlink(folders.dataDir).catch(() => undefined);
  if (moved !== undefined) return { programDir: join(dirname(moved), "programs"), dataDir: moved };
  await mkdir(dirname(folders.dataDir), { recursive: true, mode: 0o700 });
  const programsOpen = await succeeds(join(folders.programDir, "bin", "postgres"), ["--version"], user);
  const dataOpen = await succeeds("/bin/sh", ["-c", 'test -x "$0"', dirname(folders.dataDir)], user);
  if (programsOpen && dataOpen) return folders;
  const home = await mkdtemp(join(openFolder, "waybill-postgres-"));
  await chmod(home, 0o755);
  const place = { programDir: join(home, "programs"), dataDir: join(home, "data") };
  await cp(folders.programDir, place.programDir, { recursive: true, verbatimSymlinks: true });
  const existing = await stat(folders.dataDir).catch(() => undefined);
  if (existing !== undefined) {
    await cp(folders.dataDir, place.dataDir, { recursive: true, preserveTimestamps: true });
    await rm(folders.dataDir, { recursive: true });
  }
  await symlink(place.dataDir, folders.dataDir);
  return place;
}

/** Removes the data, wherever the data folder's link leads. */
export async function removeData(dataDir: string): Promise<void> {
  const moved = await readlink(dataDir).catch(() => undefined);
  if (moved !== undefined) await rm(dirname(moved), { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

/** Gives an existing folder and all in it to the user; nothing happens where it is theirs already. */
export async function giveTo(user: User, folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || found.uid === user.uid) return;
  await run("chown", ["-R", "-H", `${user.uid}:${user.gid}`, folder]);
}

async function succeeds(command: string, args: readonly string[], user: User): Promise<boolean> {
  return await run(command, [...args], { uid: user.uid, gid: user.gid, cwd: "/" }).then(
    () => true,
    () => false,
  );
}
