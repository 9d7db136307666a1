// Work that comes in bursts, done in order and for a few milliseconds in each turn of the event loop, so that what else came is served
// in between. A thousand clients that leave together would otherwise hold up everybody else's answer for as long as they all take.

export class Paced<Piece> {
  readonly #turnMs: number;
  readonly #work: (piece: Piece) => void;
  readonly #monotonicMs: () => number;
  #waiting: Piece[] = [];
  #isDue = false;

  /** At least one piece a turn, and no further one once `turnMs` are over. `work` must not throw. */
  constructor(turnMs: number, work: (piece: Piece) => void, monotonicMs: () => number) {
    this.#turnMs = turnMs;
    this.#work = work;
    this.#monotonicMs = monotonicMs;
  }

  /** Not done in the caller's stack, but before the next turn where nothing waits. */
  add(piece: Piece): void {
    this.#waiting.push(piece);
    this.#go();
  }

  #go(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isDue = false;
    const endsAtMs = this.#monotonicMs() + this.#turnMs;
    let done = 0;
    for (const piece of this.#waiting) {
      this.#work(piece);
      done += 1;
      if (this.#monotonicMs() >= endsAtMs) break;
    }
    this.#waiting.splice(0, done);
    if (this.#waiting.length > 0) this.#go();
  }
}
