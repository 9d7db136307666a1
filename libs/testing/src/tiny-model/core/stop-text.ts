// Watches a text that arrives in pieces for stop sequences, and holds back what could be the beginning of one.

export class StopText {
  readonly #stops: readonly string[];
  #held = "";
  #isStopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** What may be shown now. */
  push(piece: string): string {
    if (this.#isStopped) return "";
    const text = this.#held + piece;
    const ends = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (ends.length > 0) {
      this.#isStopped = true;
      this.#held = "";
      return text.slice(0, Math.min(...ends));
    }
    const keep = Math.max(0, ...this.#stops.map((stop) => beginningAtEnd(text, stop)));
    this.#held = text.slice(text.length - keep);
    return text.slice(0, text.length - keep);
  }

  /** What was held back for nothing. */
  flush(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}

/** The length of the longest beginning of `stop` that `text` ends with. */
function beginningAtEnd(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
