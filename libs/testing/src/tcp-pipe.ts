// One direction of a proxied connection: takes bytes from one socket and gives them to another, later, slower or not
// now, always in order.

import type { Socket } from "node:net";

/** Shared by all pipes of a direction; call `changed` after changing it. */
export interface PipeSettings {
  delayMs: number;
  /** 0 is without limit. */
  bytesPerSecond: number;
  isHeld: boolean;
}

/** A pipe that holds more than this stops reading, so that the sender feels it. */
const HELD_BYTES_MAX = 1024 * 1024;

interface Piece {
  readonly bytes: Buffer | "end";
  readonly dueAtMs: number;
}

export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #settings: PipeSettings;
  readonly #passed: (bytes: number) => void;
  readonly #waiting: Piece[] = [];
  #waitingBytes = 0;
  #lastDueAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(from: Socket, to: Socket, settings: PipeSettings, passed: (bytes: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#settings = settings;
    this.#passed = passed;
    from.on("data", (bytes) => this.#take(bytes));
    from.once("end", () => this.#take("end"));
    to.on("drain", () => {
      this.#isDraining = false;
      this.#give();
    });
  }

  /** The settings are others now. */
  changed(): void {
    if (this.#settings.delayMs === 0 && this.#settings.bytesPerSecond === 0) {
      for (const [index, piece] of this.#waiting.entries()) this.#waiting[index] = { ...piece, dueAtMs: 0 };
      this.#lastDueAtMs = 0;
    }
    this.#give();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #take(bytes: Buffer | "end"): void {
    const { delayMs, bytesPerSecond } = this.#settings;
    const size = bytes === "end" ? 0 : bytes.length;
    const sendingMs = bytesPerSecond === 0 ? 0 : (size * 1_000) / bytesPerSecond;
    this.#lastDueAtMs = Math.max(performance.now() + delayMs, this.#lastDueAtMs) + sendingMs;
    this.#waiting.push({ bytes, dueAtMs: delayMs === 0 && sendingMs === 0 ? 0 : this.#lastDueAtMs });
    this.#waitingBytes += size;
    if (this.#waitingBytes > HELD_BYTES_MAX) this.#from.pause();
    this.#give();
  }

  #give(): void {
    clearTimeout(this.#timer);
    while (!this.#settings.isHeld && !this.#isDraining) {
      const piece = this.#waiting[0];
      if (piece === undefined) break;
      const waitMs = piece.dueAtMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#give(), waitMs);
        break;
      }
      this.#waiting.shift();
      if (this.#to.destroyed) continue;
      if (piece.bytes === "end") {
        this.#to.end();
        continue;
      }
      this.#waitingBytes -= piece.bytes.length;
      this.#passed(piece.bytes.length);
      this.#isDraining = !this.#to.write(piece.bytes);
    }
    if (this.#waitingBytes <= HELD_BYTES_MAX && this.#from.isPaused()) this.#from.resume();
  }
}
