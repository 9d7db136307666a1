// Puts a worker together: spool, connections, catalogue, pulls, the story, and the order in which all of it ends.
import { declareStream, type NatsConnection, Publisher, serverCaveat } from "@waybill/bus";
import {
  type ConfigOf,
  type Log,
  makeFailpoint,
  makeUuidV7,
  type ReadyCondition,
  type ServiceScope,
  systemClock,
} from "@waybill/service";
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
import { type Heartbeat, startHeartbeat } from "./outbound/heartbeat.ts";
import { ProviderConnections } from "./outbound/http.ts";
import { type LinkName, type Links, openLinks } from "./outbound/links.ts";
import { park } from "./outbound/park.ts";
import { RecordedNotices } from "./outbound/recorded-notices.ts";
import { FrameReply } from "./outbound/reply.ts";
import { Spool } from "./outbound/spool.ts";
import { UsageOutbox } from "./outbound/usage-outbox.ts";
import type { Ports } from "./ports.ts";
import { startRounds } from "./rounds.ts";
import { type ReadKey, Upstreams } from "./upstreams.ts";

export type WorkerConfig = ConfigOf<typeof settings>;

/** Large bodies in memory at once; those that find no room wait with their messages kept. */
const LARGE_BODIES_BYTES_MAX = 256 * 1024 * 1024;

export async function startWorker(config: WorkerConfig, scope: ServiceScope, readKey: ReadKey): Promise<void> {
  const { log, health, metrics } = scope;
  const ready = {
    nats: health.condition("nats", "not connected yet; is NATS_URL right and NATS up?"),
    models: health.condition("models", "the catalogue was not read yet; the router writes it"),
  };
  const spool = await openSpool(config, scope);
  scope.onStop("spool", () => spool.close());
  let onLink: OnLink = () => {};
  const links = await connect(config, scope, (name, isUp) => onLink(name, isUp));
  scope.onStop("links", () => links.close());
  ready.nats.set(true);

  const nc = links.control;
  const publisher = new Publisher(nc);
  const publishMs = publishHistogram(metrics);
  const outbox = new UsageOutbox({ publisher, spool, clock: systemClock, log, isUp: links.isControlUp, publishMs });
  const connections = new ProviderConnections(config.WAYBILL_WORKER_CAPACITY);
  const upstreams = new Upstreams(config.WAYBILL_WORKER_MODELS, readKey, log);
  const notices = new RecordedNotices(nc);
  const parts = { config, scope, spool, links, publisher, outbox, connections, upstreams, notices };
  const { open, pulls, heartbeat } = serveModels(parts, ready.models);
  onLink = async (name, isUp) => {
    ready.nats.set(links.areUp(), "a connection is lost; it is tried again all the time");
    if (!isUp) return;
    // While either was down there was no room.
    pulls.wake();
    if (name === "frames") return;
    pulls.renew();
    await declareStreams(nc, log);
    await outbox.drain();
    pulls.wake();
  };
  await declareStreams(nc, log);

  const { monotonicMs } = systemClock;
  const voices = listenToIngresses(nc, scope.serviceId, monotonicMs, log, (id, code) => open.cancel(id, code));
  const catalogue = watchCatalogue(nc, log, (deployed) => pulls.serve(upstreams.deploy(deployed).served));
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
    notices.flush();
    await connections.close();
  });
}

type OnLink = (name: LinkName, isUp: boolean) => void | Promise<void>;

/** What is opened before anything is carried. */
interface Parts {
  config: WorkerConfig;
  scope: ServiceScope;
  spool: Spool;
  links: Links;
  publisher: Publisher;
  outbox: UsageOutbox;
  connections: ProviderConnections;
  upstreams: Upstreams;
  notices: RecordedNotices;
}

function serveModels(
  parts: Parts,
  ready: ReadyCondition,
): { open: OpenAttempts; pulls: ModelPulls; heartbeat: Heartbeat } {
  const { config, scope, spool, links } = parts;
  const capacity = config.WAYBILL_WORKER_CAPACITY;
  const open = new OpenAttempts(config.WAYBILL_ACK_WAIT_MS / 6, () => pulls.wake());
  const measure = makeMeasures(scope.metrics, {
    inFlight: () => open.carrying,
    waiting: () => pulls.waiting(),
    spoolBytes: () => spool.bytes,
    spoolRecords: () => spool.records,
  });
  const ports: Ports = { ...portsOf(parts), measure };
  const pulls = new ModelPulls({
    nc: links.control,
    ackWaitMs: config.WAYBILL_ACK_WAIT_MS,
    log: scope.log,
    room: () => (links.areUp() && !spool.isHalfFull ? capacity - open.carrying : 0),
    onMessage: (message) => void fulfil(message, open, ports),
    onChange: () => {
      heartbeat.beat();
      ready.set(...modelsReady(pulls));
    },
  });
  const heartbeat = startHeartbeat(links.control, () => ({
    workerId: scope.serviceId,
    models: pulls.served(),
    inFlight: open.carrying,
    capacity,
    spooledRecords: spool.records,
  }));
  return { open, pulls, heartbeat };
}

/** WORK is declared with the pulls; these are where records and what cannot be read go. */
async function declareStreams(nc: NatsConnection, log: Log): Promise<void> {
  for (const stream of [STREAMS.usage, STREAMS.dead]) {
    await declareStream(nc, stream).catch((error: unknown) => log.warn({ err: error }, "a stream is not there yet"));
  }
}

function openSpool(config: WorkerConfig, { serviceId, log }: ServiceScope): Promise<Spool> {
  return Spool.open({
    dir: config.WAYBILL_SPOOL_DIR,
    // A restarted worker of the same name must not meet what its former self left open.
    name: `${serviceId}-${makeUuidV7().slice(-8)}`,
    bytesMax: config.WAYBILL_SPOOL_BYTES_MAX,
    nowMs: systemClock.unixMs,
    onDamage: (detail) => log.error({ detail }, "a spool segment is damaged and was put aside"),
  });
}

async function connect(
  config: WorkerConfig,
  { serviceId, log }: ServiceScope,
  onChange: (name: LinkName, isUp: boolean) => void,
): Promise<Links> {
  const links = await openLinks({
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD.reveal(),
    workerId: serviceId,
    log,
    onChange,
  });
  const caveat = serverCaveat(links.control);
  if (caveat) log.warn(caveat);
  return links;
}

function portsOf(parts: Parts): Omit<Ports, "measure"> {
  const { config, scope, links, publisher, outbox, connections, upstreams, notices } = parts;
  const { serviceId: workerId, log, tracing } = scope;
  const nc = links.control;
  const bodies = new BodyRoom(LARGE_BODIES_BYTES_MAX);
  return {
    workerId,
    clock: systemClock,
    log,
    failpoint: makeFailpoint(config.WAYBILL_FAILPOINT),
    upstreamOf: (providerId) => upstreams.of(providerId),
    claim: (waybill, deliveryCount) => claim(nc, workerId, waybill, deliveryCount),
    reserveBody: (bytes) => bodies.reserve(bytes),
    fetchBody: (waybill, onAnswer) => fetchBody(nc, waybill, onAnswer, systemClock.monotonicMs),
    callProvider: (upstream, request, ids, events) => connections.call(upstream, request, ids, events),
    replyTo: (waybill) => new FrameReply(links.frames, waybill),
    startSpan: (name, parent) => tracing.start(name, "client", parent),
    book: (record, traceparent) => outbox.book(record, traceparent),
    noteRecorded: (ingressId, attemptId) => notices.add(ingressId, attemptId),
    park: (message, reason) => park(publisher, message, reason),
  };
}

/** Whether every wanted model is pulled, and if not, the reason. */
function modelsReady(pulls: ModelPulls): [boolean, string] {
  const served = pulls.served().length;
  if (pulls.wanted === 0) return [false, "no deployed model can be served here; the log says why for each"];
  return [served === pulls.wanted, `${served} of ${pulls.wanted} models are pulled`];
}
