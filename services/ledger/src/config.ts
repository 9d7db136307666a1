// Every setting of the ledger. The only file that reads the environment.
import { fileURLToPath } from "node:url";
import { parseAcceptedTokens } from "@waybill/rpc";
import {
  commonSettings,
  databaseSettings,
  failpointSettings,
  integer,
  natsSettings,
  oneOf,
  ownerDatabaseSettings,
  readConfig,
  text,
} from "@waybill/service";
import type { MigrationSet } from "@waybill/store";
import { usageConsumer } from "@waybill/wire";

export const settings = {
  ...commonSettings,
  ...natsSettings,
  ...databaseSettings,
  ...failpointSettings,
  WAYBILL_LEDGER_BATCH_RECORDS_MAX: integer({
    meaning:
      "Most records that are booked in one transaction. A large one has less to add to the sums by hour for each record.",
    fallback: 3_000,
    min: 1,
    max: 5_000,
  }),
  WAYBILL_LEDGER_GATHER_MS: integer({
    meaning: "How long a batch that is not full waits for more records; a small commit costs as much as a large one.",
    fallback: 100,
    min: 0,
    max: 2_000,
  }),
  WAYBILL_LEDGER_ACK_WAIT_MS: integer({
    meaning: "Records in the hands of a ledger that has gone silent for this long are given to another.",
    fallback: usageConsumer("ledger").ackWaitMs,
    min: 1_000,
    max: 600_000,
  }),
  WAYBILL_LEDGER_WRITERS: integer({
    meaning: "Batches that are booked at the same time, each on a database connection of its own.",
    fallback: 2,
    min: 1,
    max: 16,
  }),
  WAYBILL_GRPC_HOST: text({ meaning: "Where LedgerService listens.", fallback: "127.0.0.1" }),
  WAYBILL_GRPC_PORT: integer({
    meaning: "Port of LedgerService; 0 takes a free one.",
    fallback: 0,
    min: 0,
    max: 65_535,
  }),
  WAYBILL_ACCEPTED_TOKENS: {
    meaning: "Who may call: console=<sha256 hex of its token>,operator=<...>.",
    fallback: undefined,
    parse: parseAcceptedTokens,
  },
  WAYBILL_LEDGER_EVENTS: oneOf(["on", "off"], {
    meaning:
      "Whether each entry is told on the bus, as a CloudEvent: costs about as much CPU as booking it. Replay and webhooks do without.",
    fallback: "off",
  }),
  WAYBILL_LEDGER_KEEP_MONTHS: integer({
    meaning:
      "Entries of closed months are dropped when they are older than this many months; sums by day stay. 0: kept for ever. 1 to 12 count as 13.",
    fallback: 0,
    min: 0,
    max: 600,
  }),
  WAYBILL_DECISION_DAYS: integer({
    meaning: "How long decision records are kept.",
    fallback: 30,
    min: 1,
    max: 3_650,
  }),
} as const;

/** The SQL this service owns. */
export const migrations: MigrationSet = {
  owner: "ledger",
  folder: fileURLToPath(new URL("../migrations", import.meta.url)),
};

/** For --migrate: the database as its owner sees it. */
export function readOwnerUrl(): string {
  return readConfig(ownerDatabaseSettings, process.env).DATABASE_URL.reveal();
}
