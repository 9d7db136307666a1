// The named timeouts of a call as one due time: connect, first token, gap, last event, end mark, total. Reading it is a comparison, so one
// sweep serves all calls of a worker and a chunk costs nothing.

/** How long a finished answer is waited for to say its usage and its end. */
const END_MARK_MS = 5_000;
/** Of silence, where nothing but the last event is missing. */
const LAST_EVENT_MS = 5_000;

export interface CallTimeouts {
  /** Until the request is being written. 0 in any of these: only the total holds. */
  connectMs: number;
  /** From then until the first content; only for streams, since a plain answer comes when it is finished. */
  firstTokenMs: number;
  /** Between two pieces of an answer that has begun. */
  gapMs: number;
  totalMs: number;
}

export type TimeoutName = "connect" | "first_token" | "gap" | "last_event" | "end_mark" | "total";

export class Deadlines {
  readonly #timeouts: CallTimeouts;
  readonly #totalDueAtMs: number;
  #name: TimeoutName = "connect";
  #dueAtMs: number;

  /** `totalDueAtMs` is set by the claim, before the call begins. */
  constructor(timeouts: CallTimeouts, nowMs: number, totalDueAtMs: number) {
    this.#timeouts = timeouts;
    this.#totalDueAtMs = totalDueAtMs;
    this.#dueAtMs = due(nowMs, timeouts.connectMs);
  }

  /** The request is being written. */
  sent(nowMs: number, isStream: boolean): void {
    this.#name = "first_token";
    this.#dueAtMs = isStream ? due(nowMs, this.#timeouts.firstTokenMs) : Number.POSITIVE_INFINITY;
  }

  /** A piece of the answer came. */
  heard(nowMs: number): void {
    if (this.#name === "end_mark") return;
    this.#name = "gap";
    this.#dueAtMs = due(nowMs, this.#timeouts.gapMs);
  }

  /** Everything that was begun is done. Another piece may begin all the same: then the gap holds again. */
  lastEventDue(nowMs: number): void {
    if (this.#name === "end_mark") return;
    this.#name = "last_event";
    this.#dueAtMs = Math.min(this.#dueAtMs, nowMs + LAST_EVENT_MS);
  }

  /** The answer has said how it finished: what is still to come is waited for only so long, whatever else comes. */
  finished(nowMs: number): void {
    if (this.#name === "end_mark") return;
    this.#name = "end_mark";
    this.#dueAtMs = nowMs + END_MARK_MS;
  }

  /** Which timeout has run out, if one has. */
  expired(nowMs: number): TimeoutName | undefined {
    if (nowMs >= this.#totalDueAtMs) return "total";
    return nowMs >= this.#dueAtMs ? this.#name : undefined;
  }
}

function due(nowMs: number, timeoutMs: number): number {
  return timeoutMs > 0 ? nowMs + timeoutMs : Number.POSITIVE_INFINITY;
}
