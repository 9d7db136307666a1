// The passwords and tokens of one local stack: made once, kept in the state folder, readable by its owner only.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BusServiceName, EVENT_READER, ServiceName } from "@waybill/wire";
import type { operatorUser } from "./nats-accounts.ts";
import { writePrivateFile } from "./private-file.ts";
import type { RoleName } from "./roles.ts";

const secretBytes = 24;
export const serviceNames: readonly ServiceName[] = ["ingress", "router", "budget", "worker", "ledger", "console"];
export type Party = ServiceName | typeof operatorUser;
/** Those of them that are on the bus. */
type BusParty = BusServiceName | typeof EVENT_READER | typeof operatorUser;

export interface StackSecrets {
  /** One for each service on the bus, the reader of events and the operator. */
  readonly natsPasswords: Readonly<Record<BusParty, string>>;
  readonly rolePasswords: Readonly<Record<RoleName, string>>;
  /** The owner's of a PostgreSQL that we start. */
  readonly postgresPassword: string;
  /** What each party shows when it calls another over gRPC. */
  readonly serviceTokens: Readonly<Record<Party, string>>;
  /** What the secrets of webhooks for alerts are derived from. */
  readonly webhookSecret: string;
  /** Virtual keys of the demo organisation by the seed's names, e.g. support_1, and `admin`; empty where nothing was seeded. */
  readonly demoKeys: Readonly<Record<string, string>>;
}

export function makeSecrets(): StackSecrets {
  const secret = () => randomBytes(secretBytes).toString("base64url");
  const onBus = () => ({
    ingress: secret(),
    router: secret(),
    budget: secret(),
    worker: secret(),
    ledger: secret(),
    operator: secret(),
  });
  return {
    natsPasswords: { ...onBus(), reader: secret() },
    rolePasswords: {
      waybill_router: secret(),
      waybill_budget: secret(),
      waybill_ledger: secret(),
      finance_reader: secret(),
    },
    postgresPassword: secret(),
    serviceTokens: { ...onBus(), console: secret() },
    webhookSecret: secret(),
    demoKeys: {},
  };
}

/** The state folder's secrets; made at the first call. */
export async function loadSecrets(stateDir: string): Promise<StackSecrets> {
  const file = secretsFile(stateDir);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const made = makeSecrets();
  // What a newer version added is made now; what is there stays.
  const kept = text === undefined ? {} : (JSON.parse(text) as Partial<StackSecrets>);
  const secrets: StackSecrets = {
    natsPasswords: { ...made.natsPasswords, ...kept.natsPasswords },
    rolePasswords: { ...made.rolePasswords, ...kept.rolePasswords },
    postgresPassword: kept.postgresPassword ?? made.postgresPassword,
    serviceTokens: { ...made.serviceTokens, ...kept.serviceTokens },
    webhookSecret: kept.webhookSecret ?? made.webhookSecret,
    demoKeys: kept.demoKeys ?? {},
  };
  await saveSecrets(stateDir, secrets);
  return secrets;
}

export async function saveSecrets(stateDir: string, secrets: StackSecrets): Promise<void> {
  await writePrivateFile(secretsFile(stateDir), `${JSON.stringify(secrets, undefined, 2)}\n`);
}

function secretsFile(stateDir: string): string {
  return join(stateDir, "secrets.json");
}
