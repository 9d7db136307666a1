// Puts a worker together: spool, connections, catalogue, pulls, the story, and the order in which all of it ends.
import { declareStream, Publisher, serverCaveat } from "@waybill/bus";
import { type ConfigOf, makeFailpoint, makeUuidV7, type ServiceScope, systemClock } from "@waybill/service";
import { STREAMS } from "@waybill/wire";
import type { settings } from "./config.ts";
import { drainWorker } from "./drain.ts";
import { fulfil } from "./fulfil.ts";
import { listenToIngresses } from "./inbound/listen.ts";
import { ModelPulls } from "./inbound/pull-models.ts";
import { watchCatalogue } from "./inbound/watch-catalogue.ts";
import { makeMeasures, publishHistogram } from "./measures.ts";
import { OpenAttempts } from "./open-attempts.ts";
import { fetchBody } from "./outbound/body.ts";
import { BodyRoom } from "./outbound/body-room.ts";
import { claim } from "./outbound/claim.ts";
import { startHeartbeat } from "./outbound/heartbeat.ts";
import { ProviderConnections } from "./outbound/http.ts";
import { openLinks } from "./outbound/links.ts";
import { park } from "./outbound/park.ts";
import { RecordedNotices } from "./outbound/recorded-notices.ts";
import { FrameReply } from "./outbound/reply.ts";
import { Spool } from "./outbound/spool.ts";
import { UsageOutbox } from "./outbound/usage-outbox.ts";
import type { Ports } from "./ports.ts";
import { startRounds } from "./rounds.ts";
import { type ReadKey, Upstreams } from "./upstreams.ts";

/** Large bodies in memory at once; those that find no room wait with their messages kept. */
const LARGE_BODIES_BYTES_MAX = 256 * 1024 * 1024;

export async function startWorker(
  config: ConfigOf<typeof settings>,
  scope: ServiceScope,
  readKey: ReadKey,
): Promise<void> {
  const { serviceId: workerId, log, health, metrics, tracing } = scope;
  const clock = systemClock;
  const failpoint = makeFailpoint(config.WAYBILL_FAILPOINT);
  const ready = {
    nats: health.condition("nats", "not connected yet; is NATS_URL right and NATS up?"),
    models: health.condition("models", "the catalogue was not read yet; the router writes it"),
  };
  const spool = await Spool.open({
    dir: config.WAYBILL_SPOOL_DIR,
    name: `${workerId}-${makeUuidV7().slice(-8)}`,
    bytesMax: config.WAYBILL_SPOOL_BYTES_MAX,
    nowMs: clock.unixMs,
    onDamage: (detail) => log.error({ detail }, "a spool segment is damaged and was put aside"),
  });
  scope.onStop("spool", () => spool.close());

  let onControl = (_isUp: boolean): void => {};
  const links = await openLinks({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD.reveal(),
    workerId,
    log,
    onControl: (isUp) => onControl(isUp),
  });
  scope.onStop("links", () => links.close());
  const nc = links.control;
  const caveat = serverCaveat(nc);
  if (caveat) log.warn(caveat);

  const publisher = new Publisher(nc);
  const outbox = new UsageOutbox({
    publisher,
    spool,
    clock,
    log,
    isUp: links.isControlUp,
    publishMs: publishHistogram(metrics),
  });
  const notices = new RecordedNotices(nc);
  const connections = new ProviderConnections(config.WAYBILL_WORKER_CAPACITY);
  const upstreams = new Upstreams(config.WAYBILL_WORKER_MODELS, readKey, log);
  const bodies = new BodyRoom(LARGE_BODIES_BYTES_MAX);
  const open = new OpenAttempts(config.WAYBILL_ACK_WAIT_MS / 6, () => pulls.wake());
  const measure = makeMeasures(metrics, {
    inFlight: () => open.carrying,
    waiting: () => pulls.waiting(),
    spoolBytes: () => spool.bytes,
    spoolRecords: () => spool.records,
  });

  const ports: Ports = {
    workerId,
    clock,
    log,
    failpoint,
    measure,
    upstreamOf: (providerId) => upstreams.of(providerId),
    claim: (waybill, deliveryCount) => claim(nc, workerId, waybill, deliveryCount),
    reserveBody: (bytes) => bodies.reserve(bytes),
    fetchBody: (waybill, onAnswer) => fetchBody(nc, waybill, onAnswer, clock.monotonicMs),
    callProvider: (upstream, request, ids, events) => connections.call(upstream, request, ids, events),
    replyTo: (waybill) => new FrameReply(links.frames, waybill),
    startSpan: (name, parent) => tracing.start(name, "client", parent),
    book: (record, traceparent) => outbox.book(record, traceparent),
    noteRecorded: (ingressId, attemptId) => notices.add(ingressId, attemptId),
    park: (message, reason) => park(publisher, message, reason),
  };

  const room = (): number =>
    spool.isHalfFull || !links.isControlUp() || !links.frames.isUp()
      ? 0
      : config.WAYBILL_WORKER_CAPACITY - open.carrying;
  let isDraining = false;
  const pulls = new ModelPulls({
    nc,
    ackWaitMs: config.WAYBILL_ACK_WAIT_MS,
    log,
    room,
    onMessage: (message) => void fulfil(message, open, ports),
    onChange: () => onModels(),
  });
  const heartbeat = startHeartbeat(nc, () => ({
    workerId,
    models: pulls.served(),
    inFlight: open.carrying,
    capacity: config.WAYBILL_WORKER_CAPACITY,
    draining: isDraining,
    spooledRecords: spool.records,
  }));
  const onModels = (): void => {
    heartbeat.beat();
    const served = pulls.served().length;
    const isReady = pulls.wanted > 0 && served === pulls.wanted;
    ready.models.set(
      isReady,
      pulls.wanted === 0
        ? "no deployed model can be served here; the log says why for each"
        : `${served} of ${pulls.wanted} models are pulled`,
    );
  };
  const declare = async (): Promise<void> => {
    for (const stream of [STREAMS.usage, STREAMS.dead]) {
      await declareStream(nc, stream).catch((error: unknown) => log.warn({ err: error }, "a stream is not there yet"));
    }
    await outbox.drain();
  };
  onControl = (isUp) => {
    ready.nats.set(isUp, "the connection is lost; it is tried again all the time");
    if (!isUp) return;
    pulls.renew();
    void declare();
  };
  ready.nats.set(true);
  void declare();

  const voices = listenToIngresses(nc, workerId, clock.monotonicMs, log, (id, code) => open.cancel(id, code));
  const catalogue = watchCatalogue(nc, log, (deployed) => pulls.serve(upstreams.deploy(deployed).served));
  const rounds = startRounds({
    open,
    spool,
    outbox,
    clock,
    log,
    ingressSilentMs: config.WAYBILL_INGRESS_SILENT_MS,
    isUp: links.isControlUp,
    heardAtMs: voices.heardAtMs,
    onAdopted: () => pulls.wake(),
  });

  scope.onStop("worker", async (limitMs) => {
    isDraining = true;
    catalogue.stop();
    pulls.stop();
    heartbeat.beat();
    await drainWorker({ open, limitMs, log });
    await outbox.close();
    rounds.stop();
    heartbeat.stop();
    notices.flush();
    await connections.close();
  });
}
