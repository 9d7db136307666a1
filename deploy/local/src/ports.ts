// Every port of the local stack. WAYBILL_PORT_BASE moves all of them together.

import { createServer } from "node:net";
import type { ServiceName } from "@waybill/wire";
import { PlainError } from "./plain-error.ts";
import { whoListens } from "./who-listens.ts";

export const defaultPortBase = 8600;
/** The highest offset below; a base must leave room for it. */
export const portOffsetMax = 50;

export interface Ports {
  readonly ingress: number;
  readonly console: number;
  readonly routerGrpc: number;
  readonly budgetGrpc: number;
  readonly ledgerGrpc: number;
  readonly nats: number;
  readonly natsMonitor: number;
  readonly postgres: number;
  readonly health: Readonly<Record<ServiceName, number>>;
  readonly simulator: number;
}

export function portsFromBase(base: number): Ports {
  return {
    ingress: base,
    console: base + 1,
    routerGrpc: base + 10,
    budgetGrpc: base + 11,
    ledgerGrpc: base + 12,
    nats: base + 22,
    natsMonitor: base + 23,
    postgres: base + 32,
    health: {
      ingress: base + 40,
      router: base + 41,
      budget: base + 42,
      worker: base + 43,
      ledger: base + 44,
      console: base + 45,
    },
    simulator: base + portOffsetMax,
  };
}

/** A port and what it is for, in words. */
export interface NamedPort {
  readonly port: number;
  readonly purpose: string;
}

export function namePorts(ports: Ports, own: { nats: boolean; postgres: boolean; simulator: boolean }): NamedPort[] {
  return [
    { port: ports.ingress, purpose: "the gateway" },
    { port: ports.console, purpose: "the admin API" },
    { port: ports.routerGrpc, purpose: "the router" },
    { port: ports.budgetGrpc, purpose: "the budget service" },
    { port: ports.ledgerGrpc, purpose: "the ledger" },
    ...(own.nats
      ? [
          { port: ports.nats, purpose: "NATS" },
          { port: ports.natsMonitor, purpose: "the monitor of NATS" },
        ]
      : []),
    ...(own.postgres ? [{ port: ports.postgres, purpose: "PostgreSQL" }] : []),
    ...Object.entries(ports.health).map(([service, port]) => ({ port, purpose: `the health page of ${service}` })),
    ...(own.simulator ? [{ port: ports.simulator, purpose: "the simulator" }] : []),
  ];
}

/** Rejects with a PlainError that names the first port in use, who holds it where that can be seen, and what to set. */
export async function requireFreePorts(wanted: readonly NamedPort[]): Promise<void> {
  for (const { port, purpose } of wanted) {
    if (await isFree(port)) continue;
    const holder = await whoListens(port);
    const by = holder === undefined ? "another process" : holder;
    throw new PlainError(
      `port ${port}, wanted for ${purpose}, is taken by ${by}; end that, or move the whole stack with e.g. WAYBILL_PORT_BASE=9600 npm start.`,
    );
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    });
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
