// Postgres, the bus and the configuration bucket between them, each waited for in the background.
import { type NatsConnection, serverCaveat } from "@waybill/bus";
import type { WaybillFile } from "@waybill/catalog";
import { type ConfigOf, systemClock as clock, type ReadyCondition, type ServiceScope } from "@waybill/service";
import { openPool, type Pool } from "@waybill/store";
import type { settings } from "../config.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { ConfigBucket } from "../deploy.ts";
import { type FollowedConfig, followConfig } from "../inbound/follow-config.ts";
import { connectInBackground } from "./bus-connection.ts";
import { watchConfigBucket } from "./config-bucket.ts";
import { type KeptDeployed, keepDeployed } from "./keep-deployed.ts";
import { type ChangePublisher, makeChangePublisher } from "./publish-changes.ts";

export interface Deployed {
  /** False until the deployed configuration is known here, and every live worker has had time to say so. */
  readonly isReady: boolean;
  /** False until the deployed configuration is known here. */
  readonly isConfigured: boolean;
  /** The schema `routing`. */
  readonly pool: Pool;
  readonly publisher: ChangePublisher;
}

/** Two for the deploying, the others for the admin service. */
const CONNECTIONS_MAX = 6;
/** Workers say so once a second. */
const WORKERS_HEARD_MS = 1_200;

/** Postgres, the bus and the bucket, each in the background. */
export function deployAndFollow(
  config: ConfigOf<typeof settings>,
  { log, health, serviceId, onStop }: Pick<ServiceScope, "log" | "health" | "serviceId" | "onStop">,
  file: WaybillFile,
  snapshot: Snapshot,
  onBus: (nc: NatsConnection) => void,
): Deployed {
  const ready = {
    nats: health.condition("nats", `cannot reach ${config.NATS_URL}`),
    config: health.condition("configuration", "nothing is deployed yet"),
    postgres: health.condition("postgres", "not reached yet"),
    schema: health.condition("schema", "not looked at yet"),
  };
  let isConfigured = false;
  const configured = (): void => {
    isConfigured = true;
    ready.config.set(true);
  };
  const workers = hearWorkers(health);
  let kept: KeptDeployed | undefined;
  const repair = (): void => kept?.poke();
  const followed = followConfig({
    snapshot,
    onLost: repair,
    onProblem: (key, detail) => log.error({ key, detail }, "a deployed value cannot be used"),
  });
  const pool = openPool({
    url: config.DATABASE_URL.reveal(),
    applicationName: serviceId,
    connectionsMax: CONNECTIONS_MAX,
    onIdleError: (error) => log.warn({ err: error }, "a database connection broke"),
  });
  onStop("postgres", () => pool.end());
  const bus = followBus(config, { log, serviceId, onStop }, followed, {
    ready: ready.nats,
    onBack: repair,
    onConnected(nc) {
      onBus(nc);
      workers.begin();
    },
    onCurrent() {
      // What another replica deployed is enough to serve: Postgres is needed to change it, not to use it.
      if (followed.present.size > 0) configured();
    },
  });
  kept = keepDeployed({
    ...{ pool, file, followed, clock, log, postgres: ready.postgres, schema: ready.schema },
    simulatorUrl: config.WAYBILL_SIMULATOR_URL,
    bucket: bus.bucket,
    onDeployed: configured,
  });
  onStop("deploying", () => kept?.stop());
  return {
    get isReady() {
      return isConfigured && workers.areHeard;
    },
    get isConfigured() {
      return isConfigured;
    },
    pool,
    publisher: makeChangePublisher({ ...{ pool, clock, log }, bucket: bus.openBucket, onUnpublished: repair }),
  };
}

interface BusFollower {
  ready: ReadyCondition;
  /** The connection is back. */
  onBack(): void;
  onConnected(nc: NatsConnection): void;
  /** All that the bucket holds has been told. */
  onCurrent(): void;
}

/** The connection in the background, and the bucket over it. */
function followBus(
  config: ConfigOf<typeof settings>,
  { log, serviceId, onStop }: Pick<ServiceScope, "log" | "serviceId" | "onStop">,
  followed: FollowedConfig,
  { ready, onBack, onConnected, onCurrent }: BusFollower,
): { bucket: Promise<ConfigBucket>; openBucket(): ConfigBucket | undefined } {
  let isConnected = false;
  let opened: ConfigBucket | undefined;
  const bus = connectInBackground({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD.reveal(),
    service: "router",
    name: serviceId,
    onConnected(connected) {
      isConnected = connected;
      ready.set(connected, `lost the connection to ${config.NATS_URL}; trying again`);
      if (connected) onBack();
    },
    onProblem: (detail) => log.warn({ detail }, "nats"),
  });
  onStop("nats", () => bus.stop());
  const bucket = bus.connected.then(async (nc) => {
    isConnected = true;
    ready.set(true);
    const caveat = serverCaveat(nc);
    if (caveat !== undefined) log.warn(caveat);
    onConnected(nc);
    const watched = watchConfigBucket(nc, followed, onCurrent, (detail) =>
      log.warn({ detail }, "configuration bucket"),
    );
    onStop("configuration watch", () => watched.stop());
    opened = await watched.bucket;
    return opened;
  });
  return { bucket, openBucket: () => (isConnected ? opened : undefined) };
}

/** From `begin` on the bus is listened to; every live worker is heard a little later. */
function hearWorkers(health: ServiceScope["health"]): { begin(): void; readonly areHeard: boolean } {
  const ready = health.condition("workers", "listening for workers");
  let areHeard = false;
  return {
    begin() {
      setTimeout(() => {
        areHeard = true;
        ready.set(true);
      }, WORKERS_HEARD_MS).unref();
    },
    get areHeard() {
      return areHeard;
    },
  };
}
