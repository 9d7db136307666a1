// A client whose answer passes content filters on its way: redacted where it may be shown, withheld where a filter blocks it.
import { WaybillError } from "@waybill/domain";
import { type Found, scanText } from "@waybill/filters";
import { rewriteAnswerTexts, type Surface } from "@waybill/surfaces";
import type { AnswerHead, AskWebhook, Client } from "../ports.ts";
import { askWebhooks } from "./ask-webhooks.ts";
import type { FilterSet } from "./content-filters.ts";
import { SCANNED_UNITS_MAX } from "./filter-input.ts";
import { FilterStream, textsOfStream } from "./filter-stream.ts";
import type { FilterTally } from "./filter-tally.ts";
import { PassingClient } from "./passing-client.ts";

export interface Filtering {
  surface: Pick<Surface, "answerTexts">;
  /** Undefined: no filter looks at answers, and the client is only told what was found in the request. */
  filters: FilterSet | undefined;
  tally: FilterTally;
  requestId: string;
  askWebhook: AskWebhook;
  /** The answer must not be shown; the provider need not go on. Called once. */
  onBlocked(error: WaybillError): void;
}

/** Of a stream that waits for webhooks. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

export class FilteringClient extends PassingClient {
  readonly #filtering: Filtering;
  readonly #stream: FilterStream | undefined;
  #head: AnswerHead | undefined;
  #isBlocked = false;
  /** A stream that waits for what webhooks say of it; undefined: nothing waits. */
  #waiting: Uint8Array[] | undefined;
  #waitingBytes = 0;
  /** Resolves when webhooks have had their say and the client was told. */
  settled: Promise<void> = Promise.resolve();
  /** Why the answer is withheld. */
  blockedBy: WaybillError | undefined;

  constructor(client: Client, filtering: Filtering) {
    super(client);
    this.#filtering = filtering;
    const { surface, filters } = filtering;
    this.#stream = filters && surface.answerTexts && new FilterStream(surface.answerTexts, filters, this.#found);
    if (this.#stream && filters && filters.webhooks.length > 0) this.#waiting = [];
  }

  override answer(head: AnswerHead, status: number, contentType: string, body: Buffer[], costUsd: string): void {
    const { shown, texts } = this.#filtered(body);
    if (this.#isBlocked) this.#withhold();
    else this.#settle(texts, () => this.client.answer(this.#told(head), status, contentType, shown, costUsd));
  }

  override stream(head: AnswerHead, bytes: Uint8Array): void {
    if (this.#isBlocked) return;
    this.#head = this.#told(head);
    const shown = this.#passed((stream) => stream.push(bytes)) ?? bytes;
    if (!this.#isBlocked) this.#show(shown);
  }

  override endStream(): void {
    if (this.#isBlocked) return;
    const rest = this.#passed((stream) => stream.end());
    if (this.#isBlocked) return;
    if (rest) this.#show(rest);
    const { answerTexts } = this.#filtering.surface;
    const waiting = this.#waiting;
    if (!waiting || !answerTexts) {
      this.client.endStream();
      return;
    }
    const whole = Buffer.concat(waiting);
    this.#settle(textsOfStream(answerTexts, whole), () => {
      if (this.#head) this.client.stream(this.#told(this.#head), whole);
      this.client.endStream();
    });
  }

  override fail(error: WaybillError, head?: AnswerHead): void {
    this.client.fail(error, head && this.#told(head));
  }

  #show(bytes: Uint8Array): void {
    if (bytes.length === 0 || !this.#head) return;
    if (!this.#waiting) {
      this.client.stream(this.#head, bytes);
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes <= WAITING_BYTES_MAX) return;
    // No webhook is asked about so much: it is what each filter makes of it.
    for (const { unchecked } of this.#filtering.filters?.webhooks ?? []) this.#found(unchecked);
    const whole = Buffer.concat(this.#waiting);
    this.#waiting = undefined;
    if (this.#isBlocked) this.#withhold();
    else this.client.stream(this.#told(this.#head), whole);
  }

  /** Shows the answer when no webhook has anything against it. */
  #settle(texts: readonly string[], show: () => void): void {
    const { filters, requestId, askWebhook } = this.#filtering;
    if (!filters || filters.webhooks.length === 0) {
      show();
      return;
    }
    this.settled = askWebhooks(filters.webhooks, { where: "output", requestId, texts }, askWebhook).then((findings) => {
      for (const found of findings) this.#found(found);
      if (this.#isBlocked) this.#withhold();
      else if (!this.client.isGone) show();
    });
  }

  /** Undefined: no filter looks at it. */
  #passed(pass: (stream: FilterStream) => Uint8Array): Uint8Array | undefined {
    if (!this.#stream) return undefined;
    try {
      const shown = pass(this.#stream);
      if (this.#isBlocked) this.#withhold();
      return shown;
    } catch (thrown) {
      this.#isBlocked = true;
      this.#block(WaybillError.from(thrown));
      return undefined;
    }
  }

  #filtered(body: Buffer[]): { shown: Buffer[]; texts: string[] } {
    const { filters, surface } = this.#filtering;
    const { answerTexts } = surface;
    const texts: string[] = [];
    if (!filters || !answerTexts) return { shown: body, texts };
    const whole = Buffer.concat(body);
    let units = 0;
    if (!isJson(whole)) {
      for (const found of filters.unchecked) this.#found(found);
      return { shown: body, texts };
    }
    const shown = rewriteAnswerTexts(whole, answerTexts.fields, (text, isArguments) => {
      units += text.length;
      if (units > SCANNED_UNITS_MAX || this.#isBlocked) return text;
      const after = scanText(text, { rules: filters.rules, isJson: isArguments, onFound: this.#found }) ?? text;
      if (filters.webhooks.length > 0) texts.push(after);
      return after;
    });
    if (units > SCANNED_UNITS_MAX) for (const found of filters.unchecked) this.#found(found);
    if (shown === whole) return { shown: body, texts };
    const redacted = JSON.parse(shown.toString("utf8"));
    return { shown: [answerTexts.removeEchoes(redacted) ? Buffer.from(JSON.stringify(redacted)) : shown], texts };
  }

  readonly #found = (found: Found): void => {
    this.#filtering.tally.add("output", found);
    if (found.action === "block") this.#isBlocked = true;
  };

  #withhold(): void {
    const blocking = this.#filtering.tally.counts.filter(
      ({ where, action }) => where === "output" && action === "block",
    );
    const told = blocking.map(({ filter, kind }) => `${filter} (${kind})`).join(", ");
    this.#block(
      new WaybillError("content_filtered", {
        publicMessage: `The answer was blocked by a content filter of this gateway: ${told}.`,
      }),
    );
  }

  #block(error: WaybillError): void {
    this.blockedBy = error;
    this.#filtering.onBlocked(error);
  }

  #told(head: AnswerHead): AnswerHead {
    const { header } = this.#filtering.tally;
    return header === "" ? head : { ...head, filters: header };
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
