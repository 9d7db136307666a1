// A replica of the router's other half to test with, in this process: it deploys, follows and serves the admin service, and
// decides nothing.
import { createHash } from "node:crypto";
import { parseWaybillFile } from "@waybill/catalog";
import { plainCredentials, serveRpc } from "@waybill/rpc";
import { Health, makeLog, makeUuidV7, readConfig, systemClock } from "@waybill/service";
import { RoutingAdminServiceClient } from "@waybill/wire";
import { settings } from "../config.ts";
import { Draws } from "../core/draws.ts";
import { LiveModels } from "../core/live-models.ts";
import { Sessions } from "../core/sessions.ts";
import { Snapshot } from "../core/snapshot.ts";
import { serveAdmin } from "../inbound/admin.ts";
import type { BudgetService } from "../ports.ts";
import { Till } from "../till.ts";
import { type Deployed, deployAndFollow } from "./deploy-and-follow.ts";
import { openAdmin } from "./open-admin.ts";
import type { ChangePublisher } from "./publish-changes.ts";

export interface SampleReplica {
  client: RoutingAdminServiceClient;
  snapshot: Snapshot;
  live: LiveModels;
  deployed: Deployed;
  stop(): Promise<void>;
}

export interface SampleReplicaOptions {
  nats: { url: string; credentials(user: string): { user: string; password: string } };
  databaseUrl: string;
  /** waybill.yaml. */
  file: string;
  /** Token by caller. */
  tokens: Readonly<Record<string, string>>;
  publisher?: ChangePublisher;
  routesMax?: number;
}

export async function startSampleReplica(options: SampleReplicaOptions): Promise<SampleReplica> {
  const { nats, databaseUrl, file, tokens, publisher, routesMax } = options;
  const { user, password } = nats.credentials("router");
  const accepted = Object.entries(tokens).map(([caller, token]) => `${caller}=${sha256(token)}`);
  const config = readConfig(settings, {
    ...{ NATS_URL: nats.url, NATS_USER: user, NATS_PASSWORD: password, DATABASE_URL: databaseUrl },
    ...{ WAYBILL_SERVICE_TOKEN: "its-own-token", WAYBILL_ACCEPTED_TOKENS: accepted.join(",") },
    ...{ WAYBILL_BUDGET_URLS: "127.0.0.1:9", WAYBILL_SIMULATOR_URL: "http://127.0.0.1:9/v1" },
  });
  const stops: (() => Promise<void> | void)[] = [];
  const scope = {
    ...{ log: makeLog("router", "sample", "silent"), health: new Health(), serviceId: "sample" },
    onStop: (_: string, stop: (limitMs: number) => Promise<void> | void) => void stops.push(() => stop(STOP_MS)),
  };
  const snapshot = new Snapshot();
  const deployed = deployAndFollow(config, scope, parseWaybillFile(file, "waybill.yaml"), snapshot, () => {});
  const live = new LiveModels();
  const till = new Till({
    ...{ budgetService: NO_BUDGET, clock: systemClock, makeId: makeUuidV7, hash: sha256, failpoint() {} },
    settings: { grantLifeMs: 60_000, holdLifeMs: 60_000 },
  });
  const server = await serveRpc({ host: "127.0.0.1", port: 0, accepted: config.WAYBILL_ACCEPTED_TOKENS });
  const admin = openAdmin({
    deployed: {
      pool: deployed.pool,
      publisher: publisher ?? deployed.publisher,
      get isConfigured() {
        return deployed.isConfigured;
      },
    },
    snapshot,
    state: { live, till, clock: systemClock, draws: new Draws(() => 0.5), sessions: new Sessions() },
    ledger: { urls: [], token: "" },
    ...(routesMax !== undefined && { routesMax }),
  });
  serveAdmin(server, { ...admin, onError: (error) => console.error(error) });
  const client = new RoutingAdminServiceClient(`127.0.0.1:${server.port}`, plainCredentials);
  return {
    ...{ client, snapshot, live, deployed },
    async stop() {
      client.close();
      await till.stop(0);
      await server.stop(STOP_MS);
      for (const stop of stops.reverse()) await stop();
    },
  };
}

const STOP_MS = 1_000;

/** Nobody has any money. */
const NO_BUDGET: BudgetService = {
  isOpen: false,
  askGrant: async () => ({ kind: "unanswered", sent: false }),
  placeHold: async () => ({ kind: "unanswered", sent: false }),
  journal: async () => false,
};

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
