// Puts a worker together, in order, and takes it apart again: first nothing new, then the calls, then the records.
import { declareStream, type NatsConnection } from "@waybill/bus";
import { type Log, type ServiceScope, systemClock } from "@waybill/service";
import { STREAMS } from "@waybill/wire";
import type { ReadKey } from "../outbound/deployed-providers.ts";
import { openWorld, type WorkerConfig } from "../outbound/world.ts";
import { drainWorker } from "./drain.ts";
import { type Cancel, listenToIngresses } from "./listen.ts";
import { Paced } from "./paced.ts";
import { startRounds } from "./rounds.ts";
import { serveModels } from "./serve-models.ts";
import { watchCatalogue } from "./watch-catalogue.ts";

/** To end a call and see to its record takes about a millisecond; as long may they take together before others come. */
const CANCELS_TURN_MS = 4;

export async function startWorker(config: WorkerConfig, scope: ServiceScope, readKey: ReadKey): Promise<void> {
  const { log, health } = scope;
  const natsReady = health.condition("nats", "not connected yet; is NATS_URL right and NATS up?");
  const modelsReady = health.condition("models", "the catalogue was not read yet; the router writes it");
  const world = await openWorld(config, scope, readKey);
  const { nc, links, spool, outbox, providers } = world;
  natsReady.set(true);
  await declareStreams(nc, log);

  const { open, pulls, heartbeat } = serveModels(config, scope, world, modelsReady);
  const declareAndSend = async (): Promise<void> => {
    await declareStreams(nc, log);
    await outbox.drain();
    pulls.wake();
  };
  world.onLink = (name, isUp) => {
    natsReady.set(links.areUp(), "a connection is lost; it is tried again all the time");
    if (!isUp) return;
    // While either was down there was no room.
    pulls.wake();
    if (name === "frames") return;
    pulls.renew();
    void declareAndSend();
  };
  const { monotonicMs } = systemClock;
  const cancels = new Paced<Cancel>(
    CANCELS_TURN_MS,
    ({ attemptId, code }) => open.cancel(attemptId, code),
    monotonicMs,
  );
  const voices = listenToIngresses(nc, scope.serviceId, monotonicMs, log, (cancel) => cancels.add(cancel));
  const catalogue = watchCatalogue(nc, log, (deployed) => pulls.serve(providers.deploy(deployed).served));
  const rounds = startRounds({
    open,
    spool,
    outbox,
    clock: systemClock,
    log,
    ingressSilentMs: config.WAYBILL_INGRESS_SILENT_MS,
    isUp: links.isControlUp,
    heardAtMs: voices.heardAtMs,
    onAdopted: () => pulls.wake(),
  });
  scope.onStop("worker", async (limitMs) => {
    catalogue.stop();
    pulls.stop();
    heartbeat.drain();
    await drainWorker({ open, limitMs, log });
    await outbox.close();
    rounds.stop();
    heartbeat.stop();
  });
}

/** WORK is declared with the pulls; these are where records and what cannot be read go. */
async function declareStreams(nc: NatsConnection, log: Log): Promise<void> {
  for (const stream of [STREAMS.usage, STREAMS.dead]) {
    await declareStream(nc, stream).catch((error: unknown) => log.warn({ err: error }, "a stream is not there yet"));
  }
}
