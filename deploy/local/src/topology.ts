// Which process gets which settings: the one place that knows how the services find each other. No I/O.

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { BusServiceName, ServiceName } from "@waybill/wire";
import type { Ports } from "./ports.ts";
import { type RoleName, urlAs } from "./roles.ts";
import { type Party, type StackSecrets, serviceNames } from "./secrets.ts";

export interface TopologySettings {
  readonly ports: Ports;
  readonly secrets: StackSecrets;
  /** Without credentials. */
  readonly natsUrl: string;
  /** One user for every service, for a NATS that does not know ours. */
  readonly natsLogin?: { readonly user: string; readonly password: string };
  /** The owner's; services get the same database with roles of their own. */
  readonly databaseUrl: string;
  readonly stateDir: string;
  /** Path of waybill.yaml; empty: the built-in catalogue only. */
  readonly configFile: string;
  readonly simulator: boolean;
  /** Variables with the keys of providers. Only workers get them. */
  readonly providerKeys: Readonly<Record<string, string>>;
  readonly drainLimitMs: number;
  /** Settings for every service, e.g. WAYBILL_LOG_LEVEL, OTEL_EXPORTER_OTLP_ENDPOINT. What this file sets wins. */
  readonly common: Readonly<Record<string, string>>;
}

/** One process: what to run with which settings. */
export interface ProcessPlan {
  readonly name: ServiceName | "simulator";
  /** The program, relative to the repository. */
  readonly entry: string;
  /** Flags of Node itself. */
  readonly nodeFlags: readonly string[];
  /** All but the ports it listens on: with these alone a further process takes free ports. */
  readonly settings: Readonly<Record<string, string>>;
  readonly listens: Readonly<Record<string, string>>;
  /** Answers 200 when the process is ready. */
  readonly readyUrl: string;
}

export interface Topology {
  /** In the order of a request's path. */
  readonly services: readonly ProcessPlan[];
  readonly simulator: ProcessPlan | undefined;
  /** Origin of the gateway, without /v1. */
  readonly gatewayUrl: string;
  /** Origin of the admin API. */
  readonly adminUrl: string;
  readonly financeDatabaseUrl: string;
  readonly budgetUrls: string;
}

/**
 * A router lives on many small objects that last until their record is sent, some milliseconds; a ledger on those of a batch. With
 * 32 MiB for the young ones instead of what Node begins with, the garbage collector copies few of them: an eighth less CPU for a
 * decision, a sixth less for a record that is booked (docs/speed.md).
 */
const ROOM_FOR_THE_YOUNG = ["--max-semi-space-size=32"];
const NODE_FLAGS: Partial<Record<ServiceName, readonly string[]>> = {
  router: ROOM_FOR_THE_YOUNG,
  ledger: ROOM_FOR_THE_YOUNG,
};

/** Who may call whom over gRPC. */
const callers = {
  router: ["ingress", "console", "operator"],
  budget: ["ingress", "router", "console", "operator"],
  ledger: ["router", "budget", "console", "operator"],
} as const satisfies Partial<Record<ServiceName, readonly Party[]>>;

export function topology(settings: TopologySettings): Topology {
  const { ports, secrets, databaseUrl } = settings;
  const asRole = (role: RoleName) => urlAs(databaseUrl, role, secrets.rolePasswords[role]);
  const routerUrls = `127.0.0.1:${ports.routerGrpc}`;
  const budgetUrls = `127.0.0.1:${ports.budgetGrpc}`;
  const ledgerUrls = `127.0.0.1:${ports.ledgerGrpc}`;
  const own: Record<ServiceName, Pick<ProcessPlan, "settings" | "listens">> = {
    ingress: {
      settings: {
        WAYBILL_ROUTER_URLS: routerUrls,
        WAYBILL_BUDGET_URLS: budgetUrls,
      },
      listens: { WAYBILL_HTTP_HOST: "127.0.0.1", WAYBILL_HTTP_PORT: String(ports.ingress) },
    },
    router: {
      settings: {
        DATABASE_URL: asRole("waybill_router"),
        WAYBILL_BUDGET_URLS: budgetUrls,
        WAYBILL_LEDGER_URLS: `127.0.0.1:${ports.ledgerGrpc}`,
        WAYBILL_CONFIG: settings.configFile,
        WAYBILL_SIMULATOR_URL: settings.simulator ? `http://127.0.0.1:${ports.simulator}/v1` : "",
        WAYBILL_ACCEPTED_TOKENS: acceptedTokens(callers.router, secrets),
      },
      listens: { WAYBILL_GRPC_PORT: String(ports.routerGrpc) },
    },
    budget: {
      settings: {
        DATABASE_URL: asRole("waybill_budget"),
        WAYBILL_ACCEPTED_TOKENS: acceptedTokens(callers.budget, secrets),
        WAYBILL_ALERT_WEBHOOK_SECRET: secrets.webhookSecret,
        WAYBILL_LEDGER_URLS: ledgerUrls,
      },
      listens: { WAYBILL_GRPC_PORT: String(ports.budgetGrpc) },
    },
    worker: {
      settings: { ...settings.providerKeys, WAYBILL_SPOOL_DIR: join(settings.stateDir, "spool") },
      listens: {},
    },
    ledger: {
      settings: {
        DATABASE_URL: asRole("waybill_ledger"),
        WAYBILL_ACCEPTED_TOKENS: acceptedTokens(callers.ledger, secrets),
      },
      listens: { WAYBILL_GRPC_PORT: String(ports.ledgerGrpc) },
    },
    console: {
      settings: {
        WAYBILL_ROUTER_URLS: routerUrls,
        WAYBILL_BUDGET_URLS: budgetUrls,
        WAYBILL_LEDGER_URLS: ledgerUrls,
      },
      listens: { WAYBILL_HTTP_HOST: "127.0.0.1", WAYBILL_HTTP_PORT: String(ports.console) },
    },
  };
  return {
    services: serviceNames.map((name) => ({
      name,
      entry: `services/${name}/dist/main.js`,
      nodeFlags: NODE_FLAGS[name] ?? [],
      settings: {
        ...settings.common,
        ...(name !== "console" && busSettings(name, settings)),
        WAYBILL_SERVICE_TOKEN: secrets.serviceTokens[name],
        WAYBILL_DRAIN_LIMIT_MS: String(settings.drainLimitMs),
        ...own[name].settings,
      },
      listens: { WAYBILL_HEALTH_PORT: String(ports.health[name]), ...own[name].listens },
      readyUrl: `http://127.0.0.1:${ports.health[name]}/readyz`,
    })),
    simulator: settings.simulator ? planSimulator(settings) : undefined,
    gatewayUrl: `http://127.0.0.1:${ports.ingress}`,
    adminUrl: `http://127.0.0.1:${ports.console}`,
    financeDatabaseUrl: asRole("finance_reader"),
    budgetUrls,
  };
}

function planSimulator({ ports, common }: TopologySettings): ProcessPlan {
  return {
    name: "simulator",
    entry: "libs/simulator/dist/main.js",
    nodeFlags: [],
    settings: common,
    listens: { WAYBILL_SIMULATOR_PORT: String(ports.simulator) },
    readyUrl: `http://127.0.0.1:${ports.simulator}/v1/models`,
  };
}

function busSettings(name: BusServiceName, { natsUrl, natsLogin, secrets }: TopologySettings): Record<string, string> {
  return {
    NATS_URL: natsUrl,
    NATS_USER: natsLogin?.user ?? name,
    NATS_PASSWORD: natsLogin?.password ?? secrets.natsPasswords[name],
  };
}

/** A server knows only the hashes of its callers' tokens. */
function acceptedTokens(parties: readonly Party[], { serviceTokens }: StackSecrets): string {
  const hash = (party: Party) => createHash("sha256").update(serviceTokens[party]).digest("hex");
  return parties.map((party) => `${party}=${hash(party)}`).join(",");
}
