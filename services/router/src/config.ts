// Every setting of the router. The only file that reads the environment.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseWaybillFile, type WaybillFile } from "@waybill/catalog";
import { parseAcceptedTokens } from "@waybill/rpc";
import {
  commonSettings,
  databaseSettings,
  failpointSettings,
  hostPorts,
  integer,
  natsSettings,
  ownerDatabaseSettings,
  readConfig,
  type Setting,
  secret,
  text,
  url,
} from "@waybill/service";
import type { MigrationSet } from "@waybill/store";

const durationMs = (meaning: string, fallback: number, max = 3_600_000): Setting<number> =>
  integer({ meaning, fallback, min: 1, max });

export const settings = {
  ...commonSettings,
  ...natsSettings,
  ...databaseSettings,
  ...failpointSettings,
  WAYBILL_GRPC_HOST: text({ meaning: "Where RouterService listens.", fallback: "127.0.0.1" }),
  WAYBILL_GRPC_PORT: integer({
    meaning: "Port of RouterService; 0 takes a free one.",
    fallback: 0,
    min: 0,
    max: 65_535,
  }),
  WAYBILL_SERVICE_TOKEN: secret({ meaning: "This service's own token, shown to the budget service." }),
  WAYBILL_ACCEPTED_TOKENS: {
    meaning: "Who may call: ingress=<sha256 hex of its token>,operator=<...>.",
    fallback: undefined,
    parse: parseAcceptedTokens,
  },
  WAYBILL_BUDGET_URLS: hostPorts({ meaning: "Addresses of the budget services, host:port, comma separated." }),
  WAYBILL_LEDGER_URLS: hostPorts({
    meaning: "Addresses of the ledgers, host:port, comma separated; asked for recorded requests. Empty: no backtests.",
    fallback: "",
  }),
  WAYBILL_CONFIG: text({
    meaning: "Path of waybill.yaml. Empty: waybill.yaml in the root of the repository, where absent is fine.",
    fallback: "",
  }),
  WAYBILL_SIMULATOR_URL: url({
    meaning: "Base URL of the simulator, up to /v1. Empty: there is none.",
    fallback: "",
    schemes: ["http", "https"],
  }),
  WAYBILL_CONNECT_TIMEOUT_MS: durationMs("How long a worker may take to connect to a provider.", 5_000),
  WAYBILL_FIRST_TOKEN_TIMEOUT_MS: durationMs("How long a provider may take to its first token.", 60_000),
  WAYBILL_GAP_TIMEOUT_MS: durationMs("The longest silence between two chunks of a stream.", 30_000),
  WAYBILL_TOTAL_TIMEOUT_MS: durationMs("The longest life of one attempt.", 600_000),
  WAYBILL_HOLD_MARGIN_MS: durationMs("How much longer than its attempt a hold lives when no record comes.", 60_000),
  WAYBILL_GRANT_LIFE_MS: durationMs("How long holds are cut from one grant.", 60_000, 600_000),
  WAYBILL_BUDGET_WAIT_MS: durationMs("The longest a decision waits for the budget service.", 1_000, 60_000),
  WAYBILL_LEAST_OUTPUT_TOKENS: integer({
    meaning: "An answer clamped to fewer output tokens than this makes no sense; the request is refused instead.",
    fallback: 16,
    min: 1,
    max: 100_000,
  }),
} as const;

/** The SQL this service owns. */
export const migrations: MigrationSet = {
  owner: "router",
  folder: fileURLToPath(new URL("../migrations", import.meta.url)),
};

/** For --migrate: the database as its owner sees it. */
export function readOwnerUrl(): string {
  return readConfig(ownerDatabaseSettings, process.env).DATABASE_URL.reveal();
}

/** For --check: the environment and the operator's file. Throws with every problem. */
export async function checkConfiguration(): Promise<void> {
  await readWaybillFile(readConfig(settings, process.env).WAYBILL_CONFIG);
}

/** Reads and validates waybill.yaml. A file that is named must be there; the one in the root may be absent. */
export async function readWaybillFile(path: string): Promise<WaybillFile> {
  const file = path === "" ? fileURLToPath(new URL("../../../waybill.yaml", import.meta.url)) : path;
  if (path === "" && !existsSync(file)) return parseWaybillFile("", "waybill.yaml");
  return parseWaybillFile(await readFile(file, "utf8"), file);
}
