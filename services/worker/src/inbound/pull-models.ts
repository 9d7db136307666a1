// One pull consumer for each model this worker serves. All share one capacity; each is declared anew whenever the server may
// have forgotten it.
import {
  declareConsumer,
  declareStream,
  type NatsConnection,
  type PulledMessage,
  Puller,
  sightConsumer,
} from "@waybill/bus";
import { formatModelId, type ModelId, parseModelId } from "@waybill/domain";
import type { Log, Reading } from "@waybill/service";
import { STREAMS, workConsumer } from "@waybill/wire";

const RETRY_MS = 500;
const SIGHT_EVERY_MS = 5_000;

export interface PullModelsOptions {
  nc: NatsConnection;
  ackWaitMs: number;
  log: Log;
  /** How many more waybills may be taken, over all models. */
  room(): number;
  onMessage(message: PulledMessage): void;
  /** The set of models that are really pulled has changed. */
  onChange(): void;
}

/** One model that is served, or about to be. */
interface Lane {
  id: ModelId;
  durable: string;
  puller: Puller | undefined;
  waiting: number;
  /** Ends what an older declaration still has under way. */
  turn: number;
  retry: NodeJS.Timeout | undefined;
}

export class ModelPulls {
  readonly #options: PullModelsOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #sighting: NodeJS.Timeout;
  #created: Promise<string> | undefined;
  #isStopped = false;

  constructor(options: PullModelsOptions) {
    this.#options = options;
    this.#sighting = setInterval(() => void this.#sight(), SIGHT_EVERY_MS);
  }

  /** Pulls exactly these models, named `<provider>/<model>`. */
  serve(names: ReadonlySet<string>): void {
    if (this.#isStopped) return;
    for (const [name, lane] of this.#lanes) {
      if (names.has(name)) continue;
      this.#end(lane);
      this.#lanes.delete(name);
    }
    for (const name of names) {
      const id = parseModelId(name);
      if (!id || this.#lanes.has(name)) continue;
      const lane: Lane = { id, durable: "", puller: undefined, waiting: 0, turn: 0, retry: undefined };
      this.#lanes.set(name, lane);
      void this.#begin(lane);
    }
    this.#options.onChange();
  }

  /** The server may have lost the stream: declare everything and pull anew. */
  renew(): void {
    this.#created = undefined;
    for (const lane of this.#lanes.values()) {
      this.#end(lane);
      void this.#begin(lane);
    }
  }

  /** There is room again. */
  wake(): void {
    for (const { puller } of this.#lanes.values()) puller?.wake();
  }

  /** Models that are pulled now. */
  served(): ModelId[] {
    return [...this.#lanes.values()].filter(({ puller }) => puller).map(({ id }) => id);
  }

  /** How many models are wanted. */
  get wanted(): number {
    return this.#lanes.size;
  }

  /** Waybills not delivered yet, for each model. */
  waiting(): Reading[] {
    return [...this.#lanes.values()].map(({ id, waiting }) => ({
      value: waiting,
      labels: { provider: id.provider, model: id.model },
    }));
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#sighting);
    for (const lane of this.#lanes.values()) this.#end(lane);
  }

  async #begin(lane: Lane): Promise<void> {
    const { nc, ackWaitMs, log } = this.#options;
    lane.turn += 1;
    const { turn } = lane;
    try {
      this.#created ??= declareStream(nc, STREAMS.work);
      const consumer = workConsumer(lane.id, await this.#created, ackWaitMs);
      await declareConsumer(nc, consumer);
      if (this.#isStopped || lane.turn !== turn) return;
      lane.durable = consumer.durable;
      lane.puller = new Puller({
        nc,
        service: "worker",
        stream: consumer.stream,
        durable: consumer.durable,
        // A fair share each, so that idle models do not hold places that a busy one could fill.
        room: () => Math.ceil(Math.max(0, this.#options.room()) / Math.max(1, this.#lanes.size)),
        onMessage: (message) => {
          lane.waiting = message.pending;
          this.#options.onMessage(message);
        },
        onGone: (reason) => this.#lost(lane, turn, reason),
      });
      this.#options.onChange();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.debug({ model: formatModelId(lane.id), reason }, "a model's consumer cannot be declared yet");
      this.#lost(lane, turn, reason);
    }
  }

  #lost(lane: Lane, turn: number, reason: string): void {
    if (this.#isStopped || lane.turn !== turn) return;
    this.#options.log.warn({ model: formatModelId(lane.id), reason }, "a model is not pulled at the moment");
    this.#created = undefined;
    this.#end(lane);
    lane.retry = setTimeout(() => void this.#begin(lane), RETRY_MS);
    this.#options.onChange();
  }

  #end(lane: Lane): void {
    lane.turn += 1;
    clearTimeout(lane.retry);
    lane.puller?.stop();
    lane.puller = undefined;
  }

  async #sight(): Promise<void> {
    for (const lane of this.#lanes.values()) {
      if (!lane.puller) continue;
      try {
        lane.waiting = (await sightConsumer(this.#options.nc, STREAMS.work.name, lane.durable)).pending;
      } catch {
        // Gone or not reachable; the puller notices by itself.
      }
    }
  }
}
