// Postgres, the bus and the configuration bucket between them, each waited for in the background.
import { type NatsConnection, serverCaveat } from "@waybill/bus";
import type { WaybillFile } from "@waybill/catalog";
import { type ConfigOf, systemClock as clock, type ServiceScope } from "@waybill/service";
import { openPool } from "@waybill/store";
import type { settings } from "../config.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { followConfig } from "../inbound/follow-config.ts";
import { connectInBackground } from "./bus-connection.ts";
import { watchConfigBucket } from "./config-bucket.ts";
import { type KeptDeployed, keepDeployed } from "./keep-deployed.ts";

export interface Deployed {
  /** False until the deployed configuration is known here, and every live worker has had time to say so. */
  readonly isReady: boolean;
}

/** Workers say so once a second. */
const WORKERS_HEARD_MS = 1_200;

/** Postgres, the bus and the bucket, each in the background. */
export function deployAndFollow(
  config: ConfigOf<typeof settings>,
  { log, health, serviceId, onStop }: ServiceScope,
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
  const workers = hearWorkers(health);
  let kept: KeptDeployed | undefined;
  const followed = followConfig({
    snapshot,
    onLost: () => kept?.poke(),
    onProblem: (key, detail) => log.error({ key, detail }, "a deployed value cannot be used"),
  });
  const pool = openPool({
    url: config.DATABASE_URL.reveal(),
    applicationName: serviceId,
    connectionsMax: 2,
    onIdleError: (error) => log.warn({ err: error }, "a database connection broke"),
  });
  onStop("postgres", () => pool.end());
  const bus = connectInBackground({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD.reveal(),
    service: "router",
    name: serviceId,
    onConnected(connected) {
      ready.nats.set(connected, `lost the connection to ${config.NATS_URL}; trying again`);
      if (connected) kept?.poke();
    },
    onProblem: (detail) => log.warn({ detail }, "nats"),
  });
  onStop("nats", () => bus.stop());
  const bucket = bus.connected.then((nc) => {
    ready.nats.set(true);
    const caveat = serverCaveat(nc);
    if (caveat !== undefined) log.warn(caveat);
    onBus(nc);
    workers.begin();
    const onCurrent = (): void => {
      // What another replica deployed is enough to serve: Postgres is needed to change it, not to use it.
      isConfigured ||= followed.present.size > 0;
      ready.config.set(isConfigured, "nothing is deployed yet");
    };
    const watched = watchConfigBucket(nc, followed, onCurrent, (detail) =>
      log.warn({ detail }, "configuration bucket"),
    );
    onStop("configuration watch", () => watched.stop());
    return watched.bucket;
  });
  kept = keepDeployed({
    pool,
    file,
    simulatorUrl: config.WAYBILL_SIMULATOR_URL,
    bucket,
    followed,
    clock,
    log,
    postgres: ready.postgres,
    schema: ready.schema,
    onDeployed() {
      isConfigured = true;
      ready.config.set(true);
    },
  });
  onStop("deploying", () => kept?.stop());
  return {
    get isReady() {
      return isConfigured && workers.areHeard;
    },
  };
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
