// Ports for servers of tests. They come from below the range that the system gives to outgoing connections, so that no
// connection takes one between the asking and the listening.

import { createServer } from "node:net";

const PORT_FIRST = 20_000;
const PORT_LAST = 31_999;
const TRIES_MAX = 200;

const givenHere = new Set<number>();

/** A port on 127.0.0.1 on which nothing listens now; never the same twice in one process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    // Random, so that test files that run at the same time seldom ask for the same one.
    const port = PORT_FIRST + Math.floor(Math.random() * (PORT_LAST - PORT_FIRST + 1));
    if (givenHere.has(port)) continue;
    if (await canListen(port)) {
      givenHere.add(port);
      return port;
    }
  }
  throw new Error(`no free port from ${PORT_FIRST} to ${PORT_LAST} after ${TRIES_MAX} tries`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
