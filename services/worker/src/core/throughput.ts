// Whether a stream that has begun still delivers: bytes of text, over windows that begin with its first content.

const WINDOW_MS = 30_000;

export class Throughput {
  readonly #bytesMin: number;
  #windowAtMs: number | undefined;
  #bytes = 0;

  /** 0: as slow as it likes. */
  constructor(bytesPerSecondMin: number) {
    this.#bytesMin = (bytesPerSecondMin * WINDOW_MS) / 1_000;
  }

  /** Content came, with so many bytes of text. */
  came(textBytes: number, nowMs: number): void {
    this.#windowAtMs ??= nowMs;
    this.#bytes += textBytes;
  }

  /** Call it often. True: a whole window brought less than it must. */
  isTooSlow(nowMs: number): boolean {
    if (this.#windowAtMs === undefined || nowMs - this.#windowAtMs < WINDOW_MS) return false;
    const isTooSlow = this.#bytes < this.#bytesMin;
    this.#windowAtMs = nowMs;
    this.#bytes = 0;
    return isTooSlow;
  }
}
