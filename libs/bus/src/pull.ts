// A pull consumer that never takes more than there is room for. The client library's own consume() refills by what it has
// handed over, not by what is finished, and would book work that another worker could do now.
//
// Outstanding requests are counted in messages: each delivery takes one away, a status 404/408/409 takes away what it says is
// left of its request. While the server holds a request it sends a heartbeat; when heartbeats stop, the consumer is gone.
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from "@nats-io/transport-node";
import { type BusServiceName, inboxPrefix } from "@waybill/wire";
import { publishSoon } from "./publish-soon.ts";

export interface PullOptions {
  nc: NatsConnection;
  service: BusServiceName;
  stream: string;
  durable: string;
  /** How many more messages may be taken now. */
  room(): number;
  /** Called for every message, on the connection's read path: hand over, do not work here. */
  onMessage(message: PulledMessage): void;
  /** The consumer is gone or deaf; the caller declares it again and pulls anew. Called at most once. */
  onGone(reason: string): void;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5_000;
const DEAF_AFTER_MS = 3 * HEARTBEAT_MS;
const BATCH_MAX = 1_000;
const RETRY_AFTER_REFUSAL_MS = 250;

export class Puller {
  readonly #options: PullOptions;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #watchdog: NodeJS.Timeout;
  #outstanding = 0;
  #heardAtMs = performance.now();
  #stopped = false;

  constructor(options: PullOptions) {
    this.#options = options;
    this.#inbox = createInbox(inboxPrefix(options.service));
    this.#subscription = options.nc.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (!error) this.#onMessage(message);
      },
    });
    this.#watchdog = setInterval(() => this.#watch(), HEARTBEAT_MS);
    this.wake();
  }

  /** Asks for more if there is room that no outstanding request covers. Call it whenever a message is finished. */
  wake(): void {
    if (this.#stopped) return;
    const room = Math.min(this.#options.room(), BATCH_MAX);
    const missing = room - this.#outstanding;
    // Asking for every single freed place would double the traffic; half a room is soon enough.
    if (missing <= 0 || (this.#outstanding > 0 && missing * 2 < room)) return;
    this.#outstanding += missing;
    const { nc, stream, durable } = this.#options;
    publishSoon(
      nc,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
      JSON.stringify({ batch: missing, expires: nanos(EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }),
      { reply: this.#inbox },
      () => this.#gone("the connection is closed"),
    );
  }

  /** Takes nothing more. Messages already handed over stay the caller's; those still on their way go back at once. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watchdog);
    // Rejected when the connection is closed or down; then nothing is on its way either.
    if (!this.#options.nc.isClosed()) this.#subscription.drain().catch(() => {});
  }

  #onMessage(message: Msg): void {
    this.#heardAtMs = performance.now();
    // A stored message always has a reply subject to be acknowledged on, status messages have none. Asked first, because
    // looking at the headers parses them.
    const code = message.reply?.startsWith("$JS.ACK.") ? 0 : (message.headers?.code ?? 0);
    if (code === 0) {
      this.#outstanding = Math.max(0, this.#outstanding - 1);
      if (this.#stopped) {
        message.respond("-NAK");
        return;
      }
      this.#options.onMessage(new PulledMessage(this.#options.nc, message));
      this.wake();
      return;
    }
    if (code === 100) return;
    const left = Number(message.headers?.get("Nats-Pending-Messages"));
    this.#outstanding = Number.isFinite(left) && left > 0 ? Math.max(0, this.#outstanding - left) : 0;
    const description = message.headers?.description ?? "";
    if (code === 409 && /consumer deleted|consumer is push/i.test(description)) this.#gone(description);
    else if (code === 409 || code === 503) setTimeout(() => this.wake(), RETRY_AFTER_REFUSAL_MS).unref();
    else this.wake();
  }

  #watch(): void {
    if (performance.now() - this.#heardAtMs < DEAF_AFTER_MS) return;
    if (this.#outstanding === 0) {
      this.#heardAtMs = performance.now();
      this.wake();
    } else {
      this.#gone("no heartbeat");
    }
  }

  #gone(reason: string): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onGone(reason);
  }
}

/** A stored message that was delivered for the `deliveryCount`-th time. */
export class PulledMessage {
  readonly #nc: NatsConnection;
  readonly #message: Msg;
  readonly deliveryCount: number;
  readonly streamSequence: number;
  /** How many more wait behind it in the consumer. */
  readonly pending: number;

  constructor(nc: NatsConnection, message: Msg) {
    this.#nc = nc;
    this.#message = message;
    const tokens = (message.reply ?? "").split(".");
    // $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>; newer servers put
    // a domain and an account before the stream.
    const shift = tokens.length >= 11 ? 2 : 0;
    this.deliveryCount = Number(tokens[4 + shift] ?? 1);
    this.streamSequence = Number(tokens[5 + shift] ?? 0);
    this.pending = Number(tokens[8 + shift] ?? 0);
  }

  get subject(): string {
    return this.#message.subject;
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  /** A header's value, or empty. */
  header(name: string): string {
    return this.#message.headers?.get(name) ?? "";
  }

  /** Done: never deliver it again. Not confirmed; where a lost ack matters, redelivery is idempotent. */
  ack(): void {
    this.#answer("+ACK");
  }

  /** Still at it: start the ack wait anew. */
  working(): void {
    this.#answer("+WPI");
  }

  /** Not now: deliver it again, after a while. */
  nak(delayMs: number): void {
    this.#answer(`-NAK {"delay":${nanos(delayMs)}}`);
  }

  /** Never deliver it again though it was not done; for poison that was parked elsewhere. */
  terminate(): void {
    this.#answer("+TERM");
  }

  #answer(verdict: string): void {
    publishSoon(this.#nc, this.#message.reply ?? "", verdict);
  }
}
