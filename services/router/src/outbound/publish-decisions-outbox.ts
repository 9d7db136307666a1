// Encoded batches of decisions until DECISIONS has them: a few on their way at once, each repeated under the same id until it is
// acknowledged, and no more bytes in hand than there is room for: then the oldest go.
import type { Publisher } from "@waybill/bus";

/** Of the batches in hand; tens of thousands of records. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
const IN_FLIGHT_MAX = 16;
const PUBLISH_MS = 2_000;
const RETRY_MS = 250;

export interface EncodedBatch {
  subject: string;
  data: Uint8Array;
  /** Unique for ever. */
  id: string;
  /** How many it holds. */
  records: number;
}

export interface OutboxOptions {
  /** That many records are on the stream. */
  onStored(records: number): void;
  /** That many records were given up. */
  onDropped(records: number): void;
}

export class DecisionOutbox {
  readonly #options: OutboxOptions;
  readonly #waiting: EncodedBatch[] = [];
  #bytes = 0;
  #inFlight = 0;
  #publisher: Pick<Publisher, "publish"> | undefined;
  #declare: () => Promise<void> = async () => {};
  #retry: NodeJS.Timeout | undefined;
  #isDeclaring = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** There is somebody to publish with. */
  get isOpen(): boolean {
    return this.#publisher !== undefined;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#inFlight === 0;
  }

  /** `declare` makes the stream; called now, and whenever a batch is not acknowledged. It must not throw. */
  open(publisher: Pick<Publisher, "publish">, declare: () => Promise<void>): void {
    this.#publisher = publisher;
    this.#declare = declare;
    this.#again(0);
  }

  /** Sends nothing more. */
  close(): void {
    clearTimeout(this.#retry);
    this.#publisher = undefined;
  }

  put(batch: EncodedBatch): void {
    this.#waiting.push(batch);
    this.#bytes += batch.data.length;
    while (this.#bytes > WAITING_BYTES_MAX) {
      const oldest = this.#waiting.shift();
      if (!oldest) break;
      this.#bytes -= oldest.data.length;
      this.#options.onDropped(oldest.records);
    }
    this.#send();
  }

  #send(): void {
    // While nothing gets through, the retry alone looks whether something does again.
    while (this.#publisher && !this.#retry && this.#inFlight < IN_FLIGHT_MAX) {
      const batch = this.#waiting.shift();
      if (!batch) return;
      this.#inFlight += 1;
      void this.#carry(this.#publisher, batch);
    }
  }

  async #carry(publisher: Pick<Publisher, "publish">, batch: EncodedBatch): Promise<void> {
    const { subject, data, id, records } = batch;
    const { kind } = await publisher.publish({ subject, data, id, timeoutMs: PUBLISH_MS });
    this.#inFlight -= 1;
    if (kind === "unknown") {
      this.#waiting.unshift(batch);
      this.#again(RETRY_MS);
      return;
    }
    this.#bytes -= data.length;
    // A stream that drops its oldest is never full: an operator made it one that refuses.
    if (kind === "full") this.#options.onDropped(records);
    else this.#options.onStored(records);
    this.#send();
  }

  #again(afterMs: number): void {
    if (!this.#publisher) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      void this.#makeStream();
      this.#send();
    }, afterMs);
  }

  async #makeStream(): Promise<void> {
    if (this.#isDeclaring) return;
    this.#isDeclaring = true;
    await this.#declare();
    this.#isDeclaring = false;
  }
}
