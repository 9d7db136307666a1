// Tells ingresses which attempts are on USAGE, so that they can forget what they saw of them. In batches: nobody waits for it.
import type { NatsConnection } from "@waybill/bus";
import { AttemptsRecorded, subjects } from "@waybill/wire";

const EVERY_MS = 50;
/** An attempt id is about 40 bytes; this stays far below the largest message. */
const IDS_PER_NOTICE_MAX = 2_000;

export class RecordedNotices {
  readonly #nc: NatsConnection;
  readonly #byIngress = new Map<string, string[]>();
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

  /** A lost notice costs memory at the ingress for a while, nothing else. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [ingressId, attemptIds] of this.#byIngress) {
      if (this.#nc.isClosed()) break;
      this.#nc.publish(subjects.recorded(ingressId), AttemptsRecorded.encode({ attemptIds }).finish());
    }
    this.#byIngress.clear();
  }
}
