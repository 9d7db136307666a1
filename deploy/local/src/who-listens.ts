// Names the process that listens on a local port, where the system lets us see it (Linux only, best effort).

import { readdir, readFile, readlink } from "node:fs/promises";
import { readCommandLine } from "./process-identity.ts";

const listenState = "0A";
const commandLengthMax = 80;

/** e.g. "process 123 (node server.js)"; undefined when it cannot be seen. */
export async function whoListens(port: number): Promise<string | undefined> {
  const sockets = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (await readFile(table, "utf8").catch(() => "")).split("\n").slice(1)) {
      // Columns: number, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode.
      const fields = line.trim().split(/\s+/);
      const localPort = Number.parseInt(fields[1]?.split(":")[1] ?? "", 16);
      if (localPort === port && fields[3] === listenState) sockets.add(`socket:[${fields[9]}]`);
    }
  }
  if (sockets.size === 0) return undefined;
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid) || !(await holds(pid, sockets))) continue;
    return `process ${pid} (${readCommandLine(Number(pid)).slice(0, commandLengthMax)})`;
  }
  return undefined;
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of await readdir(folder).catch(() => [])) {
    if (sockets.has(await readlink(`${folder}/${descriptor}`).catch(() => ""))) return true;
  }
  return false;
}
