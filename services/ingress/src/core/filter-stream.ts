// A streamed answer on its way to the client: its deltas are looked at, and what a finding might touch waits for the next ones. Where no
// filter redacts or blocks, the bytes pass at once.
import { type Found, TextScanner } from "@waybill/filters";
import { type AnswerTexts, type SseEvent, SseSplitter, type StreamEvent, type TextDelta } from "@waybill/surfaces";
import type { FilterSet } from "./content-filters.ts";

/** Larger than any event a worker passes on. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;
/** Choices, calls and blocks of one answer; more than any has. */
const TEXTS_MAX = 4_096;
const DONE = "[DONE]";

interface OpenText {
  scanner: TextScanner;
  /** Of its last piece. */
  delta: TextDelta;
}

export class FilterStream {
  readonly #texts: AnswerTexts;
  readonly #filters: FilterSet;
  readonly #onFound: (found: Found) => void;
  /** False: every filter only looks. */
  readonly #changes: boolean;
  readonly #splitter = new SseSplitter(EVENT_BYTES_MAX);
  readonly #open = new Map<string, OpenText>();
  #isBlocked = false;

  constructor(texts: AnswerTexts, filters: FilterSet, onFound: (found: Found) => void) {
    this.#texts = texts;
    this.#filters = filters;
    this.#changes = filters.rules.some(({ action }) => action !== "flag");
    this.#onFound = (found) => {
      if (found.action === "block") this.#isBlocked = true;
      onFound(found);
    };
  }

  /** True once nothing more may be shown. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** What the client may have of these bytes and of those before. Throws upstream_malformed for an event above all measure. */
  push(bytes: Uint8Array): Uint8Array {
    const shown = this.#pass(this.#splitter.push(bytes));
    return this.#changes ? shown : bytes;
  }

  /** The rest of a stream that is complete. */
  end(): Uint8Array {
    const passed = this.#pass(this.#splitter.end());
    const rest = this.#isBlocked ? "" : this.#finish([""], new Set());
    return this.#changes && !this.#isBlocked ? Buffer.concat([passed, Buffer.from(rest)]) : Buffer.alloc(0);
  }

  #pass(events: readonly SseEvent[]): Buffer {
    const shown: Uint8Array[] = [];
    for (const event of events) {
      const passed = this.#event(event);
      // Of what came before the finding in these very bytes nothing is shown: how it was cut is chance.
      if (this.#isBlocked) return Buffer.alloc(0);
      shown.push(...passed);
    }
    return Buffer.concat(shown);
  }

  #event({ raw, data }: SseEvent): Uint8Array[] {
    if (data === undefined) return [raw];
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8");
    if (text === DONE) return [Buffer.from(this.#finish([""], new Set())), raw];
    const event = parse(text);
    if (!event) {
      for (const found of this.#filters.unchecked) this.#onFound(found);
      return [raw];
    }
    const ended = this.#texts.endedBy(event);
    const deltas = this.#texts.deltas(event);
    let isChanged = false;
    for (const delta of deltas) {
      const { scanner } = this.#opened(delta);
      const isOver = ended.some((beginning) => delta.text.startsWith(beginning));
      const piece = isOver ? scanner.end(delta.piece) : scanner.push(delta.piece);
      if (piece === delta.piece) continue;
      delta.set(piece);
      isChanged = true;
    }
    const before = this.#finish(ended, new Set(deltas.map(({ text: name }) => name)));
    if (this.#changes && this.#texts.removeEchoes(event)) isChanged = true;
    return [Buffer.from(before), isChanged ? withData(raw, event) : raw];
  }

  #opened(delta: TextDelta): OpenText {
    const there = this.#open.get(delta.text);
    if (there) {
      there.delta = delta;
      return there;
    }
    if (this.#open.size >= TEXTS_MAX) for (const found of this.#filters.unchecked) this.#onFound(found);
    const { rules } = this.#filters;
    // Counted once; but what was never said before may hide here.
    const again = (found: Found): void => {
      if (found.action === "block") this.#onFound(found);
    };
    const onFound = delta.isAgain ? again : this.#onFound;
    const opened = { delta, scanner: new TextScanner({ rules, isJson: delta.isJson, onFound }) };
    this.#open.set(delta.text, opened);
    return opened;
  }

  /** Events with the rest of texts that are over; those in `done` have told theirs. */
  #finish(beginnings: readonly string[], done: ReadonlySet<string>): string {
    let events = "";
    for (const [name, { scanner, delta }] of this.#open) {
      if (!beginnings.some((beginning) => name.startsWith(beginning))) continue;
      this.#open.delete(name);
      const rest = done.has(name) ? "" : scanner.end();
      if (rest !== "") events += delta.alone(rest);
    }
    return events;
  }
}

function parse(text: string): StreamEvent | undefined {
  try {
    const event: unknown = JSON.parse(text);
    return typeof event === "object" && event !== null && !Array.isArray(event) ? (event as StreamEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** The event with other data; its further lines stay. */
function withData(raw: Uint8Array, event: StreamEvent): Buffer {
  const lines = Buffer.from(raw)
    .toString("utf8")
    .split(/\r\n|\r|\n/);
  const others = lines.filter((line) => line !== "" && !/^data(:|$)/.test(line)).map((line) => `${line}\n`);
  return Buffer.from(`${others.join("")}data: ${JSON.stringify(event)}\n\n`);
}

/** The texts of a whole stream, put together. */
export function textsOfStream(texts: AnswerTexts, whole: Uint8Array): string[] {
  const splitter = new SseSplitter(EVENT_BYTES_MAX);
  const joined = new Map<string, string>();
  for (const { data } of [...splitter.push(whole), ...splitter.end()]) {
    const event = data && parse(Buffer.from(data).toString("utf8"));
    if (!event) continue;
    for (const { text, piece, isAgain } of texts.deltas(event)) {
      if (!isAgain) joined.set(text, (joined.get(text) ?? "") + piece);
    }
  }
  return [...joined.values()];
}
