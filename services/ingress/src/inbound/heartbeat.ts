// When a stream that has begun is sent a sign of life: after each silence of some length, and never inside an event.
const LF = 0x0a;
const CR = 0x0d;

export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #isBetweenEvents = true;

  constructor(everyMs: number, beat: () => void) {
    this.#timer = setInterval(() => {
      if (this.#isBetweenEvents) beat();
    }, everyMs);
    this.#timer.unref();
  }

  /** Something was sent: the silence begins anew. A large event may come in several pieces. */
  wrote(bytes: Uint8Array): void {
    this.#isBetweenEvents = endsWithBlankLine(bytes);
    this.#timer.refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function endsWithBlankLine(bytes: Uint8Array): boolean {
  const last = bytes.at(-1);
  const before = bytes.at(last === LF && bytes.at(-2) === CR ? -3 : -2);
  return (last === LF || last === CR) && (before === LF || before === CR);
}
