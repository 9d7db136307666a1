// A client whose answer passes content filters on its way: redacted where it may be shown, withheld where a filter blocks it.
import { WaybillError } from "@waybill/domain";
import { type Found, scanText } from "@waybill/filters";
import { rewriteAnswerTexts, type Surface } from "@waybill/surfaces";
import type { AnswerHead, Client } from "../ports.ts";
import type { FilterSet } from "./content-filters.ts";
import { SCANNED_UNITS_MAX } from "./filter-input.ts";
import { FilterStream } from "./filter-stream.ts";
import type { FilterTally } from "./filter-tally.ts";

export interface Filtering {
  surface: Pick<Surface, "answerTexts">;
  /** Undefined: no filter looks at answers, and the client is only told what was found in the request. */
  filters: FilterSet | undefined;
  tally: FilterTally;
  /** The answer must not be shown; the provider need not go on. Called once. */
  onBlocked(error: WaybillError): void;
}

export class FilteringClient implements Client {
  readonly #client: Client;
  readonly #filtering: Filtering;
  readonly #stream: FilterStream | undefined;
  #head: AnswerHead | undefined;
  #isBlocked = false;

  constructor(client: Client, filtering: Filtering) {
    this.#client = client;
    this.#filtering = filtering;
    const { surface, filters } = filtering;
    this.#stream = filters && surface.answerTexts && new FilterStream(surface.answerTexts, filters, this.#found);
  }

  get isGone(): boolean {
    return this.#client.isGone;
  }

  get hasContent(): boolean {
    return this.#client.hasContent;
  }

  rename(requestId: string): void {
    this.#client.rename(requestId);
  }

  onGone(listener: () => void): void {
    this.#client.onGone(listener);
  }

  answer(head: AnswerHead, status: number, contentType: string, body: Buffer[], costUsd: string): void {
    const shown = this.#filtered(body);
    if (this.#isBlocked) this.#withhold();
    else this.#client.answer(this.#told(head), status, contentType, shown, costUsd);
  }

  stream(head: AnswerHead, bytes: Uint8Array): boolean {
    if (this.#isBlocked) return true;
    this.#head = this.#told(head);
    const shown = this.#passed((stream) => stream.push(bytes)) ?? bytes;
    if (this.#isBlocked) return true;
    return shown.length === 0 || this.#client.stream(this.#head, shown);
  }

  endStream(): void {
    if (this.#isBlocked) return;
    const rest = this.#passed((stream) => stream.end());
    if (this.#isBlocked) return;
    if (rest && rest.length > 0 && this.#head) this.#client.stream(this.#head, rest);
    this.#client.endStream();
  }

  fail(error: WaybillError, head?: AnswerHead): void {
    this.#client.fail(error, head && this.#told(head));
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
      this.#filtering.onBlocked(WaybillError.from(thrown));
      return undefined;
    }
  }

  #filtered(body: Buffer[]): Buffer[] {
    const { filters, surface } = this.#filtering;
    const { answerTexts } = surface;
    if (!filters || !answerTexts) return body;
    const whole = Buffer.concat(body);
    let units = 0;
    if (!isJson(whole)) {
      for (const found of filters.unchecked) this.#found(found);
      return body;
    }
    const shown = rewriteAnswerTexts(whole, answerTexts.fields, (text, isArguments) => {
      units += text.length;
      if (units > SCANNED_UNITS_MAX || this.#isBlocked) return text;
      return scanText(text, { rules: filters.rules, isJson: isArguments, onFound: this.#found }) ?? text;
    });
    if (units > SCANNED_UNITS_MAX) for (const found of filters.unchecked) this.#found(found);
    if (shown === whole) return body;
    const redacted = JSON.parse(shown.toString("utf8"));
    return [answerTexts.removeEchoes(redacted) ? Buffer.from(JSON.stringify(redacted)) : shown];
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
    this.#filtering.onBlocked(
      new WaybillError("content_filtered", {
        publicMessage: `The answer was blocked by a content filter of this gateway: ${told}.`,
      }),
    );
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
