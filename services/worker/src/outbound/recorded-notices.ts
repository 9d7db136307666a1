// Tells ingresses which attempts are on USAGE: so that they can forget what they saw of them, and so that one whose last
// frames were lost with a connection does not wait for them. In batches: nobody waits for it.
import { type NatsConnection, publishNow } from "@waybill/bus";
import { AttemptsRecorded, subjects } from "@waybill/wire";

const EVERY_MS = 50;
/** Said once more after this: an ingress that lost its connection with the frames may have missed the notice, too. */
const REPEAT_MS = 2_000;
/** An attempt id is about 40 bytes; this stays far below the largest message. */
const IDS_PER_NOTICE_MAX = 2_000;

export class RecordedNotices {
  readonly #nc: NatsConnection;
  #byIngress = new Map<string, string[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  add(ingressId: string, attemptId: string): void {
    const ids = this.#byIngress.get(ingressId);
    if (!ids) this.#byIngress.set(ingressId, [attemptId]);
    else if (ids.push(attemptId) >= IDS_PER_NOTICE_MAX) this.flush();
    this.#timer ??= setTimeout(() => this.flush(), EVERY_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#byIngress;
    this.#byIngress = new Map();
    if (batch.size === 0) return;
    this.#publish(batch);
    setTimeout(() => this.#publish(batch), REPEAT_MS).unref();
  }

  #publish(batch: ReadonlyMap<string, string[]>): void {
    for (const [ingressId, attemptIds] of batch) {
      publishNow(this.#nc, subjects.recorded(ingressId), AttemptsRecorded.encode({ attemptIds }).finish());
    }
  }
}
