// A TCP proxy that breaks connections on command: in front of NATS, Postgres, gRPC or a provider. Bytes are never lost
// inside a connection: what a black hole holds back flows on after it, as after a network that comes back.

import { createConnection, createServer, type Socket } from "node:net";
import { Pipe, type PipeSettings } from "./tcp-pipe.ts";

export interface TcpProxyOptions {
  readonly targetPort: number;
  readonly targetHost?: string;
  /** Default: a free one; always on 127.0.0.1. */
  readonly port?: number;
}

export interface TcpCounts {
  /** All connections ever accepted. */
  connections: number;
  open: number;
  /** Bytes passed on towards the target, and back. */
  bytesUp: number;
  bytesDown: number;
}

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  readonly counts: Readonly<TcpCounts>;
  /** Each piece waits this long, in both directions; 0 ends it. */
  delay(ms: number): void;
  /** Bytes per second in each direction of each connection; 0 is without limit. */
  throttle(bytesPerSecond: number): void;
  /** Half-open: everything stays connected and nothing arrives any more, in one direction or both. */
  blackhole(direction: "up" | "down" | "both"): void;
  /** New connections end at once. */
  refuse(isRefusing: boolean): void;
  /** Ends every open connection now, on both sides; new ones are accepted. */
  cut(by?: "rst" | "fin"): void;
  /** Back to passing everything on. */
  heal(): void;
  stop(): Promise<void>;
}

interface Connection {
  readonly client: Socket;
  readonly target: Socket;
  readonly up: Pipe;
  readonly down: Pipe;
}

export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const counts: TcpCounts = { connections: 0, open: 0, bytesUp: 0, bytesDown: 0 };
  const up: PipeSettings = { delayMs: 0, bytesPerSecond: 0, isHeld: false };
  const down: PipeSettings = { delayMs: 0, bytesPerSecond: 0, isHeld: false };
  const open = new Set<Connection>();
  let isRefusing = false;

  // Half-open on purpose: an end that one side sends is passed on like any byte, behind the bytes before it.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    counts.connections += 1;
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const host = options.targetHost ?? "127.0.0.1";
    const target = createConnection({ port: options.targetPort, host, allowHalfOpen: true, noDelay: true });
    const connection: Connection = {
      client,
      target,
      up: new Pipe(client, target, up, (bytes) => {
        counts.bytesUp += bytes;
      }),
      down: new Pipe(target, client, down, (bytes) => {
        counts.bytesDown += bytes;
      }),
    };
    open.add(connection);
    counts.open = open.size;
    const forget = () => {
      open.delete(connection);
      counts.open = open.size;
      connection.up.stop();
      connection.down.stop();
    };
    endTogether(client, target, forget);
    endTogether(target, client, forget);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });

  const change = (settings: Partial<PipeSettings>, pipes: PipeSettings[] = [up, down]) => {
    for (const pipe of pipes) Object.assign(pipe, settings);
    for (const connection of open) {
      connection.up.changed();
      connection.down.changed();
    }
  };
  const cut = (by: "rst" | "fin" = "rst") => {
    for (const { client, target } of open) {
      for (const socket of [client, target]) by === "rst" ? socket.resetAndDestroy() : socket.destroySoon();
    }
  };
  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    await closed;
  };
  return {
    port: listeningPort(server.address()),
    counts,
    delay: (ms) => change({ delayMs: ms }),
    throttle: (bytesPerSecond) => change({ bytesPerSecond }),
    blackhole: (direction) =>
      change({ isHeld: true }, direction === "both" ? [up, down] : [direction === "up" ? up : down]),
    refuse: (refusing) => {
      isRefusing = refusing;
    },
    cut,
    heal: () => {
      isRefusing = false;
      change({ delayMs: 0, bytesPerSecond: 0, isHeld: false });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** When one side breaks, the other is broken the same way; a clean end was passed on already. */
function endTogether(socket: Socket, other: Socket, forget: () => void): void {
  let wasReset = false;
  socket.once("error", () => {
    wasReset = true;
  });
  socket.once("close", () => {
    forget();
    if (wasReset) other.resetAndDestroy();
    else other.destroySoon();
  });
}

function listeningPort(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  if (address === null || typeof address === "string") throw new Error("the proxy does not listen on a port");
  return address.port;
}
