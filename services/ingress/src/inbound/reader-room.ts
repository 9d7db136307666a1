// What waits in memory for readers that are slower than their answers, all of them together. Where it is too much, whoever has most
// waiting is cut: those who read are never the ones.

export interface Reader {
  /** Its connection is closed; what waits for it is given up. */
  cut(): void;
}

export class ReaderRoom {
  readonly #bytesMax: number;
  readonly #onCut: () => void;
  readonly #waiting = new Map<Reader, number>();
  #bytes = 0;

  constructor(bytesMax: number, onCut: () => void) {
    this.#bytesMax = bytesMax;
    this.#onCut = onCut;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes note of what waits for this reader now. May cut it, or another. */
  waits(reader: Reader, bytes: number): void {
    const before = this.#waiting.get(reader) ?? 0;
    this.#bytes += bytes - before;
    if (bytes === 0) this.#waiting.delete(reader);
    else this.#waiting.set(reader, bytes);
    while (this.#bytes > this.#bytesMax) this.#cutSlowest();
  }

  #cutSlowest(): void {
    let slowest: Reader | undefined;
    let most = 0;
    for (const [reader, bytes] of this.#waiting) {
      if (bytes <= most) continue;
      slowest = reader;
      most = bytes;
    }
    if (!slowest) return;
    this.#waiting.delete(slowest);
    this.#bytes -= most;
    this.#onCut();
    slowest.cut();
  }
}
