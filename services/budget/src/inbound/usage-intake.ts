// Pulls USAGE through the durable `budget` and hands every message to the story. Messages in hand are bounded; while
// Postgres is away nothing more is taken, what is in hand is said to be in work, and nothing is acknowledged. After a
// reconnect the stream may be another one with the same sequence numbers, so an ack is sent only for what was pulled
// since: the others come again and are known by then.
import { declareConsumer, declareStream, type NatsConnection, type PulledMessage, Puller } from "@waybill/bus";
import { HEADERS, STREAMS, usageConsumer } from "@waybill/wire";
import type { UsageMessage } from "../ports.ts";

export interface UsageIntakeOptions {
  nc: NatsConnection;
  settle(message: UsageMessage, traceparent: string): Promise<void>;
  /** Most messages in hand. */
  inHandMax: number;
  /** False: Postgres cannot be reached, so nothing more is taken. */
  canSettle(): boolean;
  /** Undefined: consuming. */
  onConsuming(problem: string | undefined): void;
}

const DECLARE_AGAIN_MS = 500;
const LATER_MS = 2_000;
const consumer = usageConsumer("budget");
/** Well inside the consumer's ack wait. */
const WORKING_EVERY_MS = consumer.ackWaitMs / 3;
const WAKE_EVERY_MS = 500;

export class UsageIntake {
  readonly #options: UsageIntakeOptions;
  readonly #inHand = new Map<PulledMessage, number>();
  readonly #timers: NodeJS.Timeout[];
  #puller: Puller | undefined;
  #era = 0;
  #stopping = false;

  constructor(options: UsageIntakeOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#sayWorking(), WORKING_EVERY_MS),
      // Room that comes back with the database is not noticed otherwise.
      setInterval(() => this.#puller?.wake(), WAKE_EVERY_MS),
    ];
    void this.begin();
  }

  get inHand(): number {
    return this.#inHand.size;
  }

  /** Declares streams and durable and pulls; again after every reconnect, and by itself when the consumer is gone. */
  async begin(): Promise<void> {
    const era = ++this.#era;
    this.#puller?.stop();
    const isCurrent = (): boolean => era === this.#era && !this.#stopping;
    while (isCurrent()) {
      try {
        await declareStream(this.#options.nc, STREAMS.usage);
        await declareStream(this.#options.nc, STREAMS.dead);
        await declareConsumer(this.#options.nc, consumer);
        if (isCurrent()) this.#pull(era);
        return;
      } catch (error) {
        if (isCurrent()) this.#options.onConsuming(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) => setTimeout(resolve, DECLARE_AGAIN_MS));
      }
    }
  }

  /** Takes nothing more and waits for what is in hand; what is not settled within `limitMs` comes again. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    this.#puller?.stop();
    const endsAtMs = performance.now() + limitMs;
    while (this.#inHand.size > 0 && performance.now() < endsAtMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const timer of this.#timers) clearInterval(timer);
  }

  #pull(era: number): void {
    const { nc, inHandMax, canSettle } = this.#options;
    this.#puller = new Puller({
      nc,
      service: "budget",
      stream: consumer.stream,
      durable: consumer.durable,
      room: () => (canSettle() ? inHandMax - this.#inHand.size : 0),
      onMessage: (message) => void this.#carry(message, era),
      onGone: (reason) => {
        this.#options.onConsuming(`the consumer is gone: ${reason}`);
        void this.begin();
      },
    });
    this.#options.onConsuming(undefined);
  }

  async #carry(message: PulledMessage, era: number): Promise<void> {
    this.#inHand.set(message, era);
    const isCurrent = (): boolean => era === this.#era && !this.#options.nc.isClosed();
    await this.#options.settle(
      {
        data: message.data,
        subject: message.subject,
        ack: () => {
          if (isCurrent()) message.ack();
        },
        later: () => {
          if (isCurrent()) message.nak(LATER_MS);
        },
      },
      message.header(HEADERS.traceparent),
    );
    this.#inHand.delete(message);
    this.#puller?.wake();
  }

  #sayWorking(): void {
    if (this.#options.nc.isClosed()) return;
    for (const [message, era] of this.#inHand) if (era === this.#era) message.working();
  }
}
