// Pulls a stream through a durable, gathers batches, and acknowledges what is recorded: USAGE into the books, DECISIONS into
// the log of requests.
//
// Replicas share the durable. Messages in hand are bounded; while the books cannot be reached they are kept, told to be
// in work, and tried again, so nothing is acknowledged and nothing is lost. After a reconnect the stream may be another
// one with the same sequence numbers, so acks of messages pulled before it are never sent: those come again and are
// known by then.
import { declareConsumer, declareStream, type NatsConnection, type PulledMessage, Puller } from "@waybill/bus";
import { type ConsumerDeclaration, HEADERS, type StreamDeclaration } from "@waybill/wire";
import type { Delivery } from "../ports.ts";

export interface IntakeOptions {
  nc: NatsConnection;
  consumer: ConsumerDeclaration;
  /** What must exist for it. */
  streams: readonly StreamDeclaration[];
  /** Books or parks a batch; throws when neither is possible now. */
  record(batch: readonly Delivery[]): Promise<void>;
  batchMax: number;
  /** How long a batch that is not full waits for more. */
  gatherMs: number;
  /** Batches in work at once. */
  writers: number;
  /** After this much silence the server gives what we hold to another. */
  ackWaitMs: number;
  /** Undefined: consuming. */
  onConsuming(problem: string | undefined): void;
  /** Undefined: batches are getting through. */
  onRecording(problem: string | undefined): void;
}

class Held implements Delivery {
  readonly message: PulledMessage;
  /** Which declaration of the consumer it was pulled under. */
  readonly era: number;

  constructor(message: PulledMessage, era: number) {
    this.message = message;
    this.era = era;
  }

  get data(): Uint8Array {
    return this.message.data;
  }

  get subject(): string {
    return this.message.subject;
  }

  /** Parses the headers, so it is asked for only when somebody collects traces. */
  get traceparent(): string {
    return this.message.header(HEADERS.traceparent);
  }
}

const DECLARE_AGAIN_MS = 500;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;
/** What is held is said to be in work this often within the ack wait. */
const WORKING_PER_ACK_WAIT = 3;

export class Intake {
  readonly #options: IntakeOptions;
  readonly #waiting: Held[] = [];
  readonly #carried = new Set<readonly Held[]>();
  readonly #working: NodeJS.Timeout;
  #puller: Puller | undefined;
  #era = 0;
  #stopping = false;
  #abandoned = false;
  #gathering: NodeJS.Timeout | undefined;
  #onIdle: () => void = () => {};

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#working = setInterval(() => this.#sayWorking(), options.ackWaitMs / WORKING_PER_ACK_WAIT);
    void this.begin();
  }

  /** Messages pulled and not yet acknowledged. */
  get inHand(): number {
    let count = this.#waiting.length;
    for (const batch of this.#carried) count += batch.length;
    return count;
  }

  /** Declares the streams and the durable and pulls; again after every reconnect, and by itself when the consumer is gone. */
  async begin(): Promise<void> {
    const era = ++this.#era;
    this.#puller?.stop();
    const isCurrent = (): boolean => era === this.#era && !this.#stopping;
    while (isCurrent()) {
      try {
        const { nc, streams, consumer, ackWaitMs } = this.#options;
        for (const stream of streams) await declareStream(nc, stream);
        await declareConsumer(nc, { ...consumer, ackWaitMs });
        if (isCurrent()) this.#pull(era);
        return;
      } catch (error) {
        if (isCurrent()) this.#options.onConsuming(messageOf(error));
        await delay(DECLARE_AGAIN_MS);
      }
    }
  }

  /** Takes nothing more, books what is in hand, and gives up what is not booked within `limitMs`: it will come again. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    this.#puller?.stop();
    this.#next();
    if (this.inHand > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      await Promise.race([idle, delay(limitMs)]);
    }
    this.#abandoned = true;
    clearInterval(this.#working);
    clearTimeout(this.#gathering);
  }

  #pull(era: number): void {
    const { nc, batchMax, writers } = this.#options;
    // One more batch than is in work gathers meanwhile.
    const inHandMax = batchMax * (writers + 1);
    const { stream, durable } = this.#options.consumer;
    this.#puller = new Puller({
      nc,
      service: "ledger",
      stream,
      durable,
      room: () => inHandMax - this.inHand,
      onMessage: (message) => {
        this.#waiting.push(new Held(message, era));
        this.#next();
      },
      onGone: (reason) => {
        this.#options.onConsuming(`the consumer is gone: ${reason}`);
        void this.begin();
      },
    });
    this.#options.onConsuming(undefined);
  }

  /** Starts the next batch when it is full, has waited long enough, or nothing more will come. */
  #next(): void {
    const { batchMax, gatherMs, writers } = this.#options;
    if (this.#waiting.length === 0 || this.#carried.size >= writers) return;
    if (this.#waiting.length >= batchMax || this.#stopping || gatherMs === 0) {
      this.#start();
    } else {
      this.#gathering ??= setTimeout(() => this.#start(), gatherMs);
    }
  }

  #start(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#options.batchMax);
    this.#carried.add(batch);
    void this.#carry(batch);
  }

  async #carry(batch: readonly Held[]): Promise<void> {
    let retryMs = RETRY_MS_MIN;
    while (!this.#abandoned) {
      try {
        await this.#options.record(batch);
        this.#options.onRecording(undefined);
        for (const { message, era } of batch) if (era === this.#era && !this.#options.nc.isClosed()) message.ack();
        break;
      } catch (error) {
        this.#options.onRecording(messageOf(error));
        await delay(retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
    this.#carried.delete(batch);
    this.#puller?.wake();
    this.#next();
    if (this.inHand === 0) this.#onIdle();
  }

  #sayWorking(): void {
    if (this.#options.nc.isClosed()) return;
    for (const batch of [this.#waiting, ...this.#carried]) {
      for (const { message, era } of batch) if (era === this.#era) message.working();
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
