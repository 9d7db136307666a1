// A question and its answer over core NATS. The client library's own request() makes an Error with its stack, a timer and an
// abort signal for each one, also when all goes well; a service asks twice for every request it serves.
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import { publishNow, publishSoon } from "./publish-soon.ts";

/** `nobody`: no one listens there. `late`: no answer in time, or no connection. */
export type Answer = { kind: "answered"; message: Msg } | { kind: "nobody" } | { kind: "late" };

export interface AskOptions {
  /** Noticed up to 25 ms later. */
  timeoutMs: number;
  headers?: MsgHdrs;
  /** For who has waited for the end of the turn himself: publish now. */
  atOnce?: boolean;
}

const SWEEP_EVERY_MS = 25;
const NO_RESPONDERS = 503;

interface Pending {
  resolve(answer: Answer): void;
  dueAtMs: number;
}

/** All open questions of one connection; their answers come to one inbox. */
class Asker {
  readonly #nc: NatsConnection;
  readonly #inbox: string;
  readonly #pending = new Map<string, Pending>();
  #count = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(nc: NatsConnection, prefix: string) {
    this.#nc = nc;
    this.#inbox = createInbox(prefix);
    nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (!error) this.#onAnswer(message);
      },
    });
  }

  ask(subject: string, data: Uint8Array, { timeoutMs, headers, atOnce = false }: AskOptions): Promise<Answer> {
    return new Promise((resolve) => {
      this.#count += 1;
      const token = this.#count.toString(36);
      const options = { reply: `${this.#inbox}.${token}`, ...(headers && { headers }) };
      this.#pending.set(token, { resolve, dueAtMs: performance.now() + timeoutMs });
      // Closed, or a message that may not be sent; either way nobody will answer.
      const publish = atOnce ? publishNow : publishSoon;
      publish(this.#nc, subject, data, options, () => {
        this.#pending.delete(token);
        resolve({ kind: "late" });
      });
      this.#sweep ??= setInterval(() => this.#expire(), SWEEP_EVERY_MS);
    });
  }

  #onAnswer(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const pending = this.#pending.get(token);
    if (!pending) return;
    this.#pending.delete(token);
    const isNobody = message.headers?.code === NO_RESPONDERS && message.data.length === 0;
    pending.resolve(isNobody ? { kind: "nobody" } : { kind: "answered", message });
  }

  #expire(): void {
    const nowMs = performance.now();
    for (const [token, { resolve, dueAtMs }] of this.#pending) {
      if (dueAtMs > nowMs && !this.#nc.isClosed()) continue;
      this.#pending.delete(token);
      resolve({ kind: "late" });
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

const askers = new WeakMap<NatsConnection, Asker>();

/** Where this connection's answers come; called once, when it is made. */
export function prepareToAsk(nc: NatsConnection, prefix: string): void {
  askers.set(nc, new Asker(nc, prefix));
}

/** Asks once. Never rejects. */
export function ask(nc: NatsConnection, subject: string, data: Uint8Array, options: AskOptions): Promise<Answer> {
  const asker = askers.get(nc);
  if (!asker) throw new TypeError("the connection was not made by connectBus");
  return asker.ask(subject, data, options);
}
