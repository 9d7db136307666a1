// How many bytes of large bodies are held at once. Whoever finds no room waits in line, with the message kept.

export class BodyRoom {
  #freeBytes: number;
  readonly #totalBytes: number;
  readonly #waiting: { bytes: number; enter: () => void }[] = [];

  constructor(totalBytes: number) {
    this.#freeBytes = totalBytes;
    this.#totalBytes = totalBytes;
  }

  /** Resolves with what gives the room back; call it once. A body above the total waits for all of it. */
  async reserve(bytes: number): Promise<() => void> {
    const taken = Math.min(bytes, this.#totalBytes);
    if (this.#waiting.length > 0 || taken > this.#freeBytes) {
      await new Promise<void>((enter) => this.#waiting.push({ bytes: taken, enter }));
    } else this.#freeBytes -= taken;
    return () => this.#giveBack(taken);
  }

  #giveBack(bytes: number): void {
    this.#freeBytes += bytes;
    for (let first = this.#waiting[0]; first && first.bytes <= this.#freeBytes; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#freeBytes -= first.bytes;
      first.enter();
    }
  }
}
