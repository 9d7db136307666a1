// Everything a worker talks to, opened in order: its disk, NATS, the providers. What is opened is registered for closing at once.
import { type NatsConnection, Publisher, serverCaveat } from "@waybill/bus";
import { type ConfigOf, makeFailpoint, makeUuidV7, type ServiceScope, systemClock } from "@waybill/service";
import type { settings } from "../config.ts";
import type { Ports } from "../ports.ts";
import { fetchBody } from "./body.ts";
import { BodyRoom } from "./body-room.ts";
import { Claims } from "./claim.ts";
import { DeployedProviders, type ReadKey } from "./deployed-providers.ts";
import { ProviderConnections } from "./http.ts";
import { type LinkName, type Links, openLinks } from "./links.ts";
import { publishHistogram } from "./measures.ts";
import { park } from "./park.ts";
import { RecordedNotices } from "./recorded-notices.ts";
import { FrameReply } from "./reply.ts";
import { Spool } from "./spool.ts";
import { UsageOutbox } from "./usage-outbox.ts";

export type WorkerConfig = ConfigOf<typeof settings>;
type OnLink = (name: LinkName, isUp: boolean) => void;

/** Large bodies in memory at once; those that find no room wait with their messages kept. */
const LARGE_BODIES_BYTES_MAX = 256 * 1024 * 1024;

const MID_CALL_AFTER_MS = 5;

export interface World {
  nc: NatsConnection;
  links: Links;
  spool: Spool;
  outbox: UsageOutbox;
  notices: RecordedNotices;
  providers: DeployedProviders;
  connections: ProviderConnections;
  /** All that the story needs but its measurements. */
  ports: Omit<Ports, "measure" | "pickUpstream" | "callEnded" | "refusedParameters">;
  /** Who is told when a link breaks or is back; nobody at first. */
  onLink: OnLink;
}

/** Waits for NATS as long as it takes. */
export async function openWorld(config: WorkerConfig, scope: ServiceScope, readKey: ReadKey): Promise<World> {
  const { log } = scope;
  const spool = await openSpool(config, scope);
  scope.onStop("spool", () => spool.close());
  let world: World | undefined;
  const links = await connect(config, scope, (name, isUp) => world?.onLink(name, isUp));
  scope.onStop("links", () => links.close());
  const nc = links.control;
  const publisher = new Publisher(nc);
  const publishMs = publishHistogram(scope.metrics);
  const outbox = new UsageOutbox({ publisher, spool, clock: systemClock, log, isUp: links.isControlUp, publishMs });
  const connections = new ProviderConnections(config.WAYBILL_WORKER_CAPACITY);
  scope.onStop("provider connections", () => connections.close());
  const providers = new DeployedProviders(config.WAYBILL_WORKER_MODELS, readKey, log);
  const notices = new RecordedNotices(nc);
  scope.onStop("notices", () => notices.flush());
  const parts = { nc, links, spool, outbox, notices, providers, connections };
  world = { ...parts, ports: portsOf(config, scope, parts, publisher), onLink: () => {} };
  return world;
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

async function connect(config: WorkerConfig, { serviceId, log }: ServiceScope, onChange: OnLink): Promise<Links> {
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

function portsOf(
  config: WorkerConfig,
  { serviceId: workerId, log, tracing }: ServiceScope,
  { nc, links, outbox, notices, connections }: Omit<World, "ports" | "onLink">,
  publisher: Publisher,
): World["ports"] {
  const bodies = new BodyRoom(LARGE_BODIES_BYTES_MAX);
  const claims = new Claims(nc, workerId);
  const failpoint = makeFailpoint(config.WAYBILL_FAILPOINT);
  return {
    workerId,
    clock: systemClock,
    log,
    bytesPerSecondMin: config.WAYBILL_MIN_STREAM_BYTES_PER_SECOND,
    // In the middle of a call means: the first frame has left, which it does at the end of the turn.
    failpoint: (name) =>
      name === "mid_call" && config.WAYBILL_FAILPOINT !== ""
        ? void setTimeout(failpoint, MID_CALL_AFTER_MS, name)
        : failpoint(name),
    claim: (waybill, deliveryCount) => claims.claim(waybill, deliveryCount),
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
