// Finds a nats-server program, or fetches one from the system's package manager without being root.

import { execFile } from "node:child_process";
import { access, constants, mkdir, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { plainEnvironment } from "./config.ts";
import { PlainError } from "./plain-error.ts";

const run = promisify(execFile);
const fetchLimitMs = 180_000;
/** Before this version a crash of the server could lose a whole stream. */
const crashSafeSince = [2, 10, 23] as const;

export interface FindNatsServerOptions {
  /** What is being done, for someone who waits. */
  readonly onProgress?: (line: string) => void;
  /** Folders to look in, as in PATH; default: the environment's. */
  readonly searchPath?: string;
}

/**
 * The path of a nats-server: from PATH, else the one in `toolsDir`, else one that apt fetches into `toolsDir`.
 * Rejects with a PlainError that names the ways to get one.
 */
export async function findNatsServer(toolsDir: string, options: FindNatsServerOptions = {}): Promise<string> {
  const say = options.onProgress ?? (() => {});
  const searchPath = options.searchPath ?? plainEnvironment().PATH ?? "";
  const onPath = await findOnPath("nats-server", searchPath);
  if (onPath !== undefined) return onPath;
  const cached = join(toolsDir, "nats-server");
  if (await isProgram(cached)) return cached;
  const aptGet = await findOnPath("apt-get", searchPath);
  const dpkgDeb = await findOnPath("dpkg-deb", searchPath);
  if (aptGet === undefined || dpkgDeb === undefined) throw new PlainError(await howToInstall(searchPath));
  say("fetching nats-server with apt-get (once, into the state folder; nothing is installed)");
  try {
    await fetchWithApt(aptGet, dpkgDeb, toolsDir, cached, say);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "") : String(error);
    throw new PlainError(`${await howToInstall(searchPath)} (apt-get could not fetch it: ${reason})`);
  }
  return cached;
}

/** The version as the program prints it, e.g. "2.9.10". */
export async function natsServerVersion(binary: string): Promise<string> {
  const { stdout } = await run(binary, ["--version"]);
  const version = /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (version === undefined) throw new PlainError(`${binary} does not say its version; is it a nats-server?`);
  return version;
}

/** What a server this old does not guarantee, in one sentence; undefined when there is nothing to say. */
export function natsServerWarning(version: string): string | undefined {
  const numbers = version.split(".").map((part) => Number.parseInt(part, 10));
  for (const [index, wanted] of crashSafeSince.entries()) {
    const got = numbers[index] ?? 0;
    if (got > wanted) return undefined;
    if (got < wanted) {
      return `nats-server ${version} is older than ${crashSafeSince.join(".")}: a crash of the server itself may lose stored messages. Fine for a trial, not for production.`;
    }
  }
  return undefined;
}

async function fetchWithApt(
  aptGet: string,
  dpkgDeb: string,
  toolsDir: string,
  target: string,
  say: (line: string) => void,
): Promise<void> {
  const work = join(toolsDir, `nats-server-fetch-${process.pid}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const inWork = { cwd: work, timeout: fetchLimitMs };
  // As root, apt would drop to a user who may not enter this folder, and warn about it.
  const unsandboxed = ["-o", "APT::Sandbox::User=root"];
  try {
    try {
      await run(aptGet, [...unsandboxed, "download", "nats-server"], inWork);
    } catch {
      say("the system's package list is empty or old; reading a list of our own");
      const own = [...unsandboxed, ...(await ownListFolders(work))];
      await run(aptGet, [...own, "update"], inWork);
      await run(aptGet, [...own, "download", "nats-server"], inWork);
    }
    const packageFile = (await readdir(work)).find((name) => name.endsWith(".deb"));
    if (packageFile === undefined) throw new Error("apt-get left no package file");
    await run(dpkgDeb, ["-x", packageFile, "unpacked"], inWork);
    const program = await firstProgram(
      ["usr/sbin", "usr/bin"].map((dir) => join(work, "unpacked", dir, "nats-server")),
    );
    if (program === undefined) throw new Error("the package holds no nats-server");
    await rename(program, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** apt with lists and caches of our own needs no root and leaves the system's lists alone. */
async function ownListFolders(work: string): Promise<readonly string[]> {
  const lists = join(work, "lists");
  const cache = join(work, "cache");
  await mkdir(join(lists, "partial"), { recursive: true });
  await mkdir(join(cache, "archives", "partial"), { recursive: true });
  return ["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`, "-o", "Debug::NoLocking=1"];
}

async function howToInstall(searchPath: string): Promise<string> {
  const brew = await findOnPath("brew", searchPath);
  const docker = await findOnPath("docker", searchPath);
  const ways = [
    ...(brew === undefined ? [] : ["run `brew install nats-server`"]),
    ...(docker === undefined
      ? []
      : ["run `docker run -d -p 127.0.0.1:4222:4222 nats -js` and set NATS_URL=nats://127.0.0.1:4222"]),
    "put a nats-server (2.9.10 or newer) on PATH",
    "set NATS_URL to a server with JetStream",
  ];
  return `there is no nats-server here and no way to fetch one: ${ways.join(", or ")}.`;
}

async function findOnPath(program: string, searchPath: string): Promise<string | undefined> {
  return await firstProgram(
    searchPath
      .split(delimiter)
      .filter((folder) => folder !== "")
      .map((folder) => join(folder, program)),
  );
}

async function firstProgram(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isProgram(path)) return path;
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
