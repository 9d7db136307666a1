// Keeps one PostgreSQL for all test processes of this user, as a process of its own: started by the first that needs
// it, ended when nobody has been connected to its lease port for a while. A test process that dies, however, is
// disconnected by the kernel, so nothing is left behind.

import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { type RolePasswords, removeData, roleNames, startPostgres } from "@waybill/local";
import { freePort } from "../free-port.ts";
import { makeTestFolder } from "../test-folder.ts";
import { writeClusterFile } from "./cluster-file.ts";

/** Long enough to bridge one test file and the next, short enough that nobody finds it lying about. */
const IDLE_LIMIT_MS = 15_000;
const STARTS_MAX = 4;

const secret = randomBytes(16).toString("hex");
const users = new Set<Socket>();
const folder = await makeTestFolder("postgres");
const dataDir = join(folder.path, "data");
const postgres = await startOnFreePort();
folder.killAtExit(postgres.pid);

const leases = createServer((socket) => {
  clearTimeout(idle);
  users.add(socket);
  socket.on("error", () => undefined);
  socket.once("close", () => {
    users.delete(socket);
    if (users.size === 0) idle = endWhenIdle();
  });
  socket.resume();
  socket.write(`${secret}\n`);
});
let idle = endWhenIdle();
let isEnding = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => end());
void postgres.exited.then(end);

const passwords = Object.fromEntries(roleNames.map((role) => [role, randomBytes(12).toString("hex")]));
await writeClusterFile({
  ownerUrl: postgres.url,
  rolePasswords: passwords as RolePasswords,
  keeperPid: process.pid,
  leasePort: await listen(leases),
  secret,
});

async function startOnFreePort() {
  for (let tries = 1; ; tries++) {
    try {
      return await startPostgres({
        dataDir,
        port: await freePort(),
        password: secret,
        logFile: join(folder.path, "postgres.log"),
        durable: false,
      });
    } catch (error) {
      if (tries === STARTS_MAX) throw error;
    }
  }
}

function endWhenIdle(): NodeJS.Timeout {
  return setTimeout(end, IDLE_LIMIT_MS);
}

function end(): void {
  if (isEnding) return;
  isEnding = true;
  void endEverything();
}

async function endEverything(): Promise<void> {
  // Whoever comes from now on finds nobody here and starts another keeper.
  leases.close();
  for (const socket of users) socket.destroy();
  await postgres.endAtOnce();
  await removeData(dataDir);
  await folder.remove();
  process.exit(0);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no lease port"));
      else resolve(address.port);
    });
  });
}
