// Ports for servers of tests. They come from below the range that the system gives to outgoing connections, so that no
// connection takes one between the asking and the listening; and each is claimed by a file, so that no other test process does.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PORT_FIRST = 20_000;
const PORT_LAST = 31_999;
const TRIES_MAX = 200;

const CLAIMS = join(tmpdir(), `waybill-ports-${process.getuid?.() ?? 0}`);
const claimedHere = new Set<number>();

/** A port on 127.0.0.1 on which nothing listens now; never the same twice, in this process or in others that run. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_FIRST + Math.floor(Math.random() * (PORT_LAST - PORT_FIRST + 1));
    if (!claim(port)) continue;
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port from ${PORT_FIRST} to ${PORT_LAST} after ${TRIES_MAX} tries`);
}

/** False: another process that runs has it, or this one gave it out before. */
function claim(port: number): boolean {
  if (claimedHere.has(port)) return false;
  if (claimedHere.size === 0) {
    mkdirSync(CLAIMS, { recursive: true });
    process.once("exit", () => {
      for (const mine of claimedHere) rmSync(join(CLAIMS, String(mine)), { force: true });
    });
  }
  const file = join(CLAIMS, String(port));
  if (isClaimed(file)) return false;
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch {
    return false;
  }
  claimedHere.add(port);
  return true;
}

/** A claim of a process that is gone is taken away. */
function isClaimed(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    // No such process: its claim is over. No such file: nobody has claimed it.
    if (code === "ESRCH") rmSync(file, { force: true });
    return code !== "ESRCH" && code !== "ENOENT";
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
