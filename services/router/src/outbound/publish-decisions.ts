// Decision records on their way to DECISIONS: gathered by organisation, encoded off the path of requests, and given to the outbox,
// at most a moment behind. Everything is bounded; what is too much is dropped and counted, because a lost record loses an
// explanation, never money.
import { declareStream, type NatsConnection, Publisher } from "@waybill/bus";
import { type Log, type Metrics, makeUuidV7 } from "@waybill/service";
import { DecisionBatch, type DecisionRecord, STREAMS, subjects } from "@waybill/wire";
import { DecisionOutbox } from "./publish-decisions-outbox.ts";

const FLUSH_MS = 100;
/** Records of one message, and about as many are encoded in one turn of the event loop: half a millisecond of it, or two. */
const BATCH_RECORDS_MAX = 50;
/** Of one message; half of what the server takes. */
const BATCH_BYTES_MAX = 512 * 1024;
/** Records that are not encoded yet: more than a second at full load. */
const GATHERED_RECORDS_MAX = 20_000;
const STOP_LOOK_MS = 20;

export interface DecisionPublisherOptions {
  /** Names this router in log lines and nothing else; several processes may share it one after the other. */
  routerId: string;
  log: Log;
  metrics: Metrics;
}

interface Group {
  organisationId: string;
  records: DecisionRecord[];
}

export class DecisionPublisher {
  readonly #log: Log;
  readonly #dropped: (count: number) => void;
  readonly #outbox: DecisionOutbox;
  /** Never used again: the stream forgets a repeated message id, and a restarted process counts from 1. */
  readonly #life = makeUuidV7();
  /** Still gathering, by organisation. */
  readonly #open = new Map<string, Group>();
  /** To be encoded, oldest first. */
  #due: Group[] = [];
  #gathered = 0;
  #batches = 0;
  #flushing: NodeJS.Timeout | undefined;
  #encoding: NodeJS.Immediate | undefined;
  #isDropping = false;

  constructor({ routerId, log, metrics }: DecisionPublisherOptions) {
    this.#log = log;
    const published = metrics.counter("waybill_router_decision_records_total", "Decision records on DECISIONS");
    const dropped = metrics.counter(
      "waybill_router_dropped_decision_records_total",
      "Decision records given up because too many waited for NATS or one was too large",
    );
    this.#dropped = (count) => {
      dropped(count);
      if (!this.#isDropping) log.warn({ routerId }, "decision records are given up until there is room for them again");
      this.#isDropping = true;
    };
    this.#outbox = new DecisionOutbox({
      onStored: (count) => {
        published(count);
        this.#isDropping = false;
      },
      onDropped: this.#dropped,
    });
  }

  /** Takes a record; never waits and never throws. It must not be changed afterwards. */
  add(record: DecisionRecord): void {
    const organisationId = record.attribution?.organisationId ?? "";
    let group = this.#open.get(organisationId);
    if (!group) {
      group = { organisationId, records: [] };
      this.#open.set(organisationId, group);
    }
    group.records.push(record);
    this.#gathered += 1;
    if (group.records.length >= BATCH_RECORDS_MAX) {
      this.#open.delete(organisationId);
      this.#due.push(group);
      this.#encodeSoon();
    } else {
      this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
    }
    if (this.#gathered > GATHERED_RECORDS_MAX) this.#shed();
  }

  /** From now on records can be published; until then they wait, as they do whenever NATS is away. */
  connected(nc: NatsConnection): void {
    const declare = async (): Promise<void> => {
      try {
        await declareStream(nc, STREAMS.decisions);
      } catch (error) {
        this.#log.warn({ err: error }, "the stream DECISIONS cannot be declared; trying again");
      }
    };
    this.#outbox.open(new Publisher(nc), declare);
  }

  /** Publishes what waits, at most `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    const endsAtMs = performance.now() + limitMs;
    clearTimeout(this.#flushing);
    this.#flush();
    while ((this.#gathered > 0 || !this.#outbox.isEmpty) && this.#outbox.isOpen && performance.now() < endsAtMs) {
      await new Promise((resolve) => setTimeout(resolve, STOP_LOOK_MS));
    }
    this.#outbox.close();
  }

  #flush(): void {
    this.#flushing = undefined;
    this.#due.push(...this.#open.values());
    this.#open.clear();
    this.#encodeSoon();
  }

  /** In a turn of its own, so that the answers of this one go out first. */
  #encodeSoon(): void {
    if (this.#due.length > 0) this.#encoding ??= setImmediate(() => this.#encode());
  }

  #encode(): void {
    this.#encoding = undefined;
    let encoded = 0;
    let groups = 0;
    while (encoded < BATCH_RECORDS_MAX) {
      const group = this.#due[groups];
      if (!group) break;
      groups += 1;
      encoded += group.records.length;
      this.#hand(group.organisationId, group.records);
    }
    this.#due.splice(0, groups);
    this.#gathered -= encoded;
    this.#encodeSoon();
  }

  /** To the outbox, as one message or, where they are too large for one, as several. */
  #hand(organisationId: string, records: DecisionRecord[]): void {
    const data = this.#encoded(records);
    if (data && data.length <= BATCH_BYTES_MAX) {
      this.#batches += 1;
      const id = `${this.#life}-${this.#batches}`;
      this.#outbox.put({ subject: subjects.decision(organisationId), data, id, records: records.length });
    } else if (records.length <= 1) {
      this.#dropped(records.length);
    } else {
      const half = Math.ceil(records.length / 2);
      this.#hand(organisationId, records.slice(0, half));
      this.#hand(organisationId, records.slice(half));
    }
  }

  /** Undefined: one of them cannot be encoded. */
  #encoded(records: DecisionRecord[]): Uint8Array | undefined {
    try {
      return DecisionBatch.encode({ records, answers: [] }).finish();
    } catch (error) {
      if (records.length === 1) this.#log.error({ err: error }, "a decision record cannot be encoded");
      return undefined;
    }
  }

  /** Gives up the oldest. */
  #shed(): void {
    const [oldest] = this.#due.length > 0 ? this.#due.splice(0, 1) : this.#open.values();
    if (!oldest) return;
    if (this.#open.get(oldest.organisationId) === oldest) this.#open.delete(oldest.organisationId);
    this.#gathered -= oldest.records.length;
    this.#dropped(oldest.records.length);
  }
}
