// Every setting of the budget service. The only file that reads the environment.
import { fileURLToPath } from "node:url";
import { type AcceptedTokens, parseAcceptedTokens } from "@waybill/rpc";
import {
  type ConfigOf,
  commonSettings,
  databaseSettings,
  failpointSettings,
  hostPorts,
  integer,
  natsSettings,
  oneOf,
  ownerDatabaseSettings,
  readConfig,
  type Setting,
  secret,
  text,
} from "@waybill/service";
import type { MigrationSet } from "@waybill/store";
import { ADMIN_ROLES } from "./core/account-rules.ts";
import type { NewAdminKey } from "./outbound/make-admin-key.ts";

export const settings = {
  ...commonSettings,
  ...natsSettings,
  ...databaseSettings,
  ...failpointSettings,
  WAYBILL_GRPC_HOST: text({
    meaning: "Address to serve AccountService and BudgetService on; without TLS only loopback.",
    fallback: "127.0.0.1",
  }) satisfies Setting<string>,
  WAYBILL_GRPC_PORT: integer({ meaning: "Port of gRPC; 0 takes a free one.", fallback: 0, min: 0, max: 65_535 }),
  WAYBILL_ACCEPTED_TOKENS: {
    meaning: "Who may call: a list like ingress=<sha256 hex of its token>,router=<...>,operator=<...>.",
    fallback: undefined,
    parse: parseAcceptedTokens,
  } satisfies Setting<AcceptedTokens>,
  WAYBILL_BUDGET_BATCH_OPERATIONS_MAX: integer({
    meaning: "Most operations in one transaction.",
    fallback: 1_000,
    min: 1,
    max: 10_000,
  }),
  WAYBILL_BUDGET_WAITING_OPERATIONS_MAX: integer({
    meaning: "Most operations that wait for the next transaction; beyond it calls are refused at once.",
    fallback: 20_000,
    min: 1,
    max: 1_000_000,
  }),
  WAYBILL_BUDGET_SETTLING_MAX: integer({
    meaning: "Most usage records that are taken from USAGE and not settled yet.",
    fallback: 2_000,
    min: 1,
    max: 10_000,
  }),
  WAYBILL_REAP_INTERVAL_MS: integer({
    meaning: "How often holds and grants past their end of life are looked for.",
    fallback: 5_000,
    min: 20,
    max: 3_600_000,
  }),
  WAYBILL_REAP_CLOCK_MARGIN_MS: integer({
    meaning: "How far the clocks of NATS and Postgres may be apart when it is judged which came first.",
    fallback: 2_000,
    min: 0,
    max: 600_000,
  }),
  WAYBILL_ALERT_WEBHOOK_SECRET: secret({
    meaning:
      "What the secrets of webhooks are derived from; changing it changes them all. Without it none can be made.",
    fallback: "",
  }),
  WAYBILL_LEDGER_URLS: hostPorts({
    meaning:
      "Ledgers as host:port, comma separated; asked for what webhooks are told of usage. Without any there are none of those.",
    fallback: "",
  }),
  WAYBILL_SERVICE_TOKEN: secret({
    meaning: "This service's own token for gRPC, which it shows to ledgers.",
    fallback: "",
  }),
  WAYBILL_ALERT_WEBHOOK_PRIVATE_ADDRESSES: oneOf(["refused", "allowed"], {
    meaning: "Whether webhooks may be inside the house: private addresses, and http:// besides https://.",
    fallback: "refused",
  }),
} as const;

interface WebhookSettings {
  /** What secrets are derived from; empty: none can be made. */
  master: string;
  allowPrivateAddress: boolean;
  /** There is a ledger to ask, so webhooks may be told of usage. */
  canFollow: boolean;
}

/** How webhooks are signed, which addresses they may have and of what they can be told. */
export function webhookSettings(config: ConfigOf<typeof settings>): WebhookSettings {
  return {
    canFollow: config.WAYBILL_LEDGER_URLS.length > 0,
    master: config.WAYBILL_ALERT_WEBHOOK_SECRET.reveal(),
    allowPrivateAddress: config.WAYBILL_ALERT_WEBHOOK_PRIVATE_ADDRESSES === "allowed",
  };
}

/** The SQL this service owns. */
export const migrations: MigrationSet = {
  owner: "budget",
  folder: fileURLToPath(new URL("../migrations", import.meta.url)),
};

const adminKeySettings = {
  ...ownerDatabaseSettings,
  WAYBILL_ADMIN_KEY_NAME: text({ meaning: "What the audit log calls the new admin key.", fallback: "first admin key" }),
  WAYBILL_ADMIN_KEY_ROLE: oneOf(ADMIN_ROLES, {
    meaning: "What it may do; an owner makes all the others.",
    fallback: "owner",
  }),
  WAYBILL_ADMIN_KEY_ORGANISATION: text({
    meaning: "Whose it is; empty: of the whole installation.",
    fallback: "",
  }),
} as const;

/** For --make-admin-key. */
export function readNewAdminKey(): { ownerUrl: string; key: NewAdminKey } {
  const config = readConfig(adminKeySettings, process.env);
  return {
    ownerUrl: config.DATABASE_URL.reveal(),
    key: {
      organisationId: config.WAYBILL_ADMIN_KEY_ORGANISATION,
      name: config.WAYBILL_ADMIN_KEY_NAME,
      role: config.WAYBILL_ADMIN_KEY_ROLE,
    },
  };
}

/** For --migrate and --seed-demo: the database as its owner sees it. */
export function readOwnerUrl(): string {
  return readConfig(ownerDatabaseSettings, process.env).DATABASE_URL.reveal();
}
