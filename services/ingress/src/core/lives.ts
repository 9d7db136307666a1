// Which ingresses live, by the sign of life that each gives once a second.

/** Silent for this long, an ingress is gone: its calls were cancelled and booked by then. */
const SILENT_MS = 10_000;
/** More are not remembered; the oldest go. */
const LIVES_MAX = 10_000;

export class Lives {
  readonly #heardMs = new Map<string, number>();
  #sinceMs: number;

  /** `nowMs`: listening begins. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  heard(life: string, nowMs: number): void {
    this.#heardMs.delete(life);
    this.#heardMs.set(life, nowMs);
    const [oldest] = this.#heardMs.keys();
    if (this.#heardMs.size > LIVES_MAX && oldest !== undefined) this.#heardMs.delete(oldest);
  }

  /** After a time in which nobody could be heard, listening begins anew: silence until now says nothing. */
  forgiveSilence(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#heardMs.clear();
  }

  /** One that was never heard may have spoken just before listening began. */
  isAlive(life: string, nowMs: number): boolean {
    return nowMs - (this.#heardMs.get(life) ?? this.#sinceMs) < SILENT_MS;
  }
}
