// One connection to NATS, with the settings that matter for a gateway. The only package that imports @nats-io/*.
import { connect as connectNats, type NatsConnection } from "@nats-io/transport-node";
import { type BusServiceName, inboxPrefix } from "@waybill/wire";

import { prepareToAsk } from "./ask.ts";

export type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";

export interface BusOptions {
  url: string;
  user: string;
  password: string;
  service: BusServiceName;
  /** Shown by the server's monitor; say what the connection is for. */
  name: string;
  /** Called with false when the connection is lost and with true when it is back. Not called for the first connect. */
  onConnected?: (connected: boolean) => void;
  /** Problems that the client repairs by itself, for the log. */
  onProblem?: (detail: string) => void;
}

/**
 * Connects and keeps reconnecting for ever. Waits for the first connection at most `firstConnectMs`, then throws:
 * a service that starts before NATS says so through its readiness and tries again.
 */
export async function connectBus(options: BusOptions): Promise<NatsConnection> {
  const nc = await connectNats({
    servers: options.url,
    user: options.user,
    pass: options.password,
    name: options.name,
    inboxPrefix: inboxPrefix(options.service),
    // Without this every request captures a stack trace: half the throughput.
    noAsyncTraces: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    waitOnFirstConnect: true,
    // A dead peer is noticed in 20 s even when TCP says nothing.
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 5_000,
  });
  prepareToAsk(nc, inboxPrefix(options.service));
  void watchStatus(nc, options);
  return nc;
}

async function watchStatus(nc: NatsConnection, options: BusOptions): Promise<void> {
  for await (const event of nc.status()) {
    if (event.type === "disconnect") options.onConnected?.(false);
    else if (event.type === "reconnect") options.onConnected?.(true);
    else if (event.type === "error") options.onProblem?.(event.error.message);
    else if (event.type === "slowConsumer") options.onProblem?.(`slow consumer on ${event.sub.getSubject()}`);
    else if (event.type === "staleConnection") options.onProblem?.("stale connection");
  }
}

/** Versions before it can lose whole streams in a crash (nats-server issue 6888); said once at start-up. */
const SERVER_SAFE_FROM = [2, 10, 23] as const;

/** What this server does not guarantee, or undefined when it is new enough. */
export function serverCaveat(nc: NatsConnection): string | undefined {
  const version = nc.info?.version ?? "0.0.0";
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, needed] of SERVER_SAFE_FROM.entries()) {
    const part = parts[index] ?? 0;
    if (part > needed) return undefined;
    if (part < needed)
      return `nats-server ${version} is older than 2.10.23: a crash can lose a whole stream; fine for trying out`;
  }
  return undefined;
}
