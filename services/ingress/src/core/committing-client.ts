// A client that is not told the beginning of a stream until enough of it is there: an attempt that fails before has shown nothing,
// so that another may take its place.
import type { WaybillError } from "@waybill/domain";
import type { AnswerHead, Client } from "../ports.ts";
import { PassingClient } from "./passing-client.ts";

export interface CommitWindow {
  /** From the first content; 0: time does not count. */
  ms: number;
  /** Events of the stream; 0: they do not count. */
  tokens: number;
}

/** Whatever a route says, no more than this waits. */
const HELD_BYTES_MAX = 256 * 1024;
const LINE_FEED = 10;

export class CommittingClient extends PassingClient {
  readonly #window: CommitWindow;
  /** Calls back after so many milliseconds. */
  readonly #later: (ms: number, then: () => void) => void;
  #held: Buffer[] | undefined = [];
  #heldBytes = 0;
  #events = 0;
  #lineFeeds = 0;
  #head: AnswerHead | undefined;

  constructor(client: Client, window: CommitWindow, later: (ms: number, then: () => void) => void) {
    super(client);
    this.#window = window;
    this.#later = later;
  }

  override stream(head: AnswerHead, bytes: Uint8Array): void {
    if (!this.#held) {
      this.client.stream(head, bytes);
      return;
    }
    const { ms, tokens } = this.#window;
    if (!this.#head && ms > 0) this.#later(ms, () => this.#commit());
    this.#head = head;
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
    if (tokens > 0) this.#count(bytes);
    const isEnough = (tokens > 0 && this.#events >= tokens) || this.#heldBytes > HELD_BYTES_MAX;
    if (isEnough) this.#commit();
  }

  override endStream(): void {
    this.#commit();
    this.client.endStream();
  }

  /** What was held back is not told any more. */
  override fail(error: WaybillError, head?: AnswerHead): void {
    this.drop();
    this.client.fail(error, head);
  }

  /** The attempt has failed: nothing of it is told any more, unless it was before. */
  drop(): void {
    if (this.#held) this.#held = [];
    this.#head = undefined;
  }

  #commit(): void {
    const head = this.#head;
    const held = this.#held;
    if (!held || !head) return;
    this.#held = undefined;
    this.client.stream(head, Buffer.concat(held));
  }

  /** An event ends with an empty line. */
  #count(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === LINE_FEED) {
        this.#lineFeeds += 1;
        if (this.#lineFeeds === 2) this.#events += 1;
      } else if (byte !== 13) this.#lineFeeds = 0;
    }
  }
}
