// A real nats-server with JetStream and our accounts for one test file: free ports, own folder, own passwords.

import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  findNatsServer,
  type NatsPasswords,
  type NatsServerOptions,
  operatorUser,
  type RunningNatsServer,
  startNatsServer,
} from "@waybill/local";
import { NATS_USERS } from "@waybill/wire";
import { freePort } from "./free-port.ts";
import { makeTestFolder, type TestFolder } from "./test-folder.ts";

export interface TestNatsOptions {
  /** Default: a free one. */
  readonly port?: number;
  readonly permissions?: NatsServerOptions["permissions"];
}

export interface TestNats extends AsyncDisposable {
  /** Stays the same over restarts. */
  readonly url: string;
  readonly port: number;
  readonly monitorUrl: string;
  readonly passwords: NatsPasswords;
  /** Holds its file store and its log. */
  readonly folder: string;
  /** Process id of the server that runs now. */
  pid(): number;
  /** `operator` may do everything, a service what its row of NATS_USERS says. */
  credentials(user: string): { readonly user: string; readonly password: string };
  /** As an administrator would: SIGTERM, then up again on the same port with the same files. */
  restart(): Promise<void>;
  /** As a crash would; the port is free until `start`. */
  kill9(): Promise<void>;
  start(): Promise<void>;
  /** Loses everything that JetStream had on disk, as with a disk that is gone. Only while the server is down. */
  wipe(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** The same place as in `npm start`, so that a machine without a nats-server fetches it once. */
const toolsDir = fileURLToPath(new URL("../../../.waybill/tools", import.meta.url));
const STARTS_MAX = 4;
/** Of its folder: what JetStream keeps. */
const STORE = "store";

export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const binary = await findNatsServer(toolsDir);
  const folder = await makeTestFolder("nats");
  const users = [...Object.keys(options.permissions ?? NATS_USERS), operatorUser];
  const passwords = Object.fromEntries(users.map((user) => [user, randomBytes(12).toString("hex")]));
  const fixed = { binary, folder, passwords, ...options };
  let server = await startOnFreePorts(fixed);
  const port = Number(new URL(server.url).port);
  const { url, monitorUrl } = server;
  const monitorPort = Number(new URL(monitorUrl).port);
  let isUp = true;

  const start = async () => {
    server = await launch(fixed, port, monitorPort);
    isUp = true;
  };
  const end = async (how: "stop" | "endAtOnce") => {
    if (isUp) await server[how]();
    isUp = false;
  };
  const stop = async () => {
    await end("endAtOnce");
    await folder.remove();
  };
  return {
    url,
    port,
    monitorUrl,
    passwords,
    folder: folder.path,
    pid: () => server.pid,
    credentials(user) {
      const password = passwords[user];
      if (password === undefined) throw new Error(`there is no NATS user ${user}`);
      return { user, password };
    },
    async restart() {
      await end("stop");
      await start();
    },
    kill9: () => end("endAtOnce"),
    start,
    async wipe() {
      if (isUp) throw new Error("the server still runs on its store");
      await rm(join(folder.path, STORE), { recursive: true, force: true });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Launch extends TestNatsOptions {
  readonly binary: string;
  readonly folder: TestFolder;
  readonly passwords: NatsPasswords;
}

/** Somebody may take a port between our looking and the server's listening; then others are tried. */
async function startOnFreePorts(fixed: Launch): Promise<RunningNatsServer> {
  for (let tries = 1; ; tries++) {
    try {
      return await launch(fixed, fixed.port ?? (await freePort()), await freePort());
    } catch (error) {
      if (tries === STARTS_MAX) {
        await fixed.folder.remove();
        throw error;
      }
    }
  }
}

async function launch(fixed: Launch, port: number, monitorPort: number): Promise<RunningNatsServer> {
  const server = await startNatsServer({
    binary: fixed.binary,
    port,
    monitorPort,
    storeDir: join(fixed.folder.path, STORE),
    logFile: join(fixed.folder.path, "nats.log"),
    passwords: fixed.passwords,
    ...(fixed.permissions === undefined ? {} : { permissions: fixed.permissions }),
  });
  fixed.folder.killAtExit(server.pid);
  return server;
}
