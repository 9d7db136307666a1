// What one turn of the event loop has for a stream, as one message: a message costs more CPU than most of what it carries.

/** A larger list goes out as several. So sixteen decisions with their longest resume tokens stay below MESSAGE_BYTES_MAX. */
const ITEMS_MAX = 16;

export interface TurnStream<Message> {
  write(message: Message): unknown;
  end(): void;
}

/** Keeps the order of what is written. Nobody waits for company: the turn that wrote ends with a message. */
export class TurnWriter<Item, Message> {
  readonly #stream: TurnStream<Message>;
  readonly #pack: (items: Item[]) => Message;
  #items: Item[] = [];
  #flushing: NodeJS.Immediate | undefined;

  constructor(stream: TurnStream<Message>, pack: (items: Item[]) => Message) {
    this.#stream = stream;
    this.#pack = pack;
  }

  write(item: Item): void {
    this.#items.push(item);
    if (this.#items.length >= ITEMS_MAX) this.#flush();
    else this.#flushing ??= setImmediate(() => this.#flush());
  }

  /** In a message of its own, for what may be nearly as large as a message may be. */
  writeAlone(item: Item): void {
    this.#flush();
    this.#stream.write(this.#pack([item]));
  }

  /** Ends the stream after what was written. */
  end(): void {
    this.#flush();
    this.#stream.end();
  }

  /** The stream is gone, and with it what was not sent. */
  drop(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#items = [];
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#stream.write(this.#pack(items));
  }
}
