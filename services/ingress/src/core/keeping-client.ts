// A client whose answer is also kept: what goes to it is collected, and a whole answer is kept before its last byte is sent, so that
// whoever has seen its end can ask for it again.
import type { AnswerHead, Client } from "../ports.ts";
import type { KeptAnswer } from "./kept-answer.ts";
import { PassingClient } from "./passing-client.ts";

export interface Keeping {
  requestId: string;
  /** A larger answer is not kept. */
  bytesMax: number;
  /** Told to the client with the rest of the head, and not kept. */
  besides?: Partial<AnswerHead>;
  /** Must not throw. */
  keep(answer: KeptAnswer): Promise<void>;
}

export class KeepingClient extends PassingClient {
  readonly #keeping: Keeping;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #head: AnswerHead | undefined;
  /** Resolves when what was begun to be kept is kept and told. */
  settled: Promise<void> = Promise.resolve();
  /** True when a whole answer was given to be kept. */
  isKept = false;

  constructor(client: Client, keeping: Keeping) {
    super(client);
    this.#keeping = keeping;
  }

  override answer(head: AnswerHead, status: number, contentType: string, body: Buffer[], costUsd: string): void {
    const whole = Buffer.concat(body);
    const told = (): void => this.client.answer(this.#headOf(head), status, contentType, body, costUsd);
    this.#keep({ isStream: false, status, contentType, costUsd, head, body: whole }, told);
  }

  override stream(head: AnswerHead, bytes: Uint8Array): void {
    this.#head ??= head;
    this.#bytes += bytes.length;
    if (this.#bytes <= this.#keeping.bytesMax) this.#pieces.push(Buffer.from(bytes));
    else this.#pieces = [];
    this.client.stream(this.#headOf(head), bytes);
  }

  override endStream(): void {
    const told = (): void => this.client.endStream();
    const head = this.#head;
    if (!head) told();
    else {
      const body = Buffer.concat(this.#pieces);
      this.#keep({ isStream: true, status: 200, contentType: "text/event-stream", costUsd: "", head, body }, told);
    }
  }

  #headOf(head: AnswerHead): AnswerHead {
    const { besides } = this.#keeping;
    return besides ? { ...head, ...besides } : head;
  }

  #keep(answer: Omit<KeptAnswer, "requestId">, told: () => void): void {
    const bytes = Math.max(this.#bytes, answer.body.length);
    if (bytes > this.#keeping.bytesMax) {
      told();
      return;
    }
    this.isKept = true;
    const { requestId } = this.#keeping;
    this.settled = this.#keeping.keep({ requestId, ...answer }).then(told);
  }
}
