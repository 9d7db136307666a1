// Looks at one text as it comes in, hands on what no finding can touch any more, and redacts the rest. A text in pieces gives what the
// whole gives: findings depend on the text alone, never on where it was cut.

import { CONTEXT_UNITS, type Detector, type Finding } from "../detectors/detector.ts";
import { JsonPieces, maskEscapes, wholeEscapes } from "./json-pieces.ts";

export type FilterAction = "block" | "redact" | "flag";

/** One detector of one filter. */
export interface Rule {
  /** The filter's id. */
  filter: string;
  action: FilterAction;
  detector: Detector;
  /** What stands for a finding; undefined: its kind in brackets. */
  replacement: string | undefined;
}

/** What was found, without what it was. */
export interface Found {
  filter: string;
  kind: string;
  action: FilterAction;
}

export interface TextScannerOptions {
  rules: readonly Rule[];
  /** The text is JSON, as the arguments of a tool are: what stands for a number there has to be a text. */
  isJson?: boolean;
  /** Told of every finding once. */
  onFound(found: Found): void;
}

/** What is left out of a text, and what comes in its place. */
interface Region {
  start: number;
  end: number;
  /** The place of its rule: of two that begin together the earlier one gives the name. */
  rank: number;
  replacement: string;
}

interface Search {
  rule: Rule;
  rank: number;
  /** Every finding that begins before is known. Offset in what is held. */
  from: number;
}

export class TextScanner {
  readonly #options: TextScannerOptions;
  readonly #searches: Search[];
  /** What was handed on is kept as far as a detector looks back. */
  #held = "";
  /** The same as detectors see it. */
  #seen = "";
  /** Up to here it was handed on. */
  #given = 0;
  /** In order, not overlapping, none of them handed on. */
  #regions: Region[] = [];
  #quotes = new JsonQuotes();
  readonly #pieces = new JsonPieces();
  #isBlocked = false;

  constructor(options: TextScannerOptions) {
    this.#options = options;
    this.#searches = options.rules.map((rule, rank) => ({ rule, rank, from: 0 }));
  }

  /** True once a finding of a filter that blocks is known; nothing is handed on any more. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** The next piece of the text; returns what may be shown by now. */
  push(piece: string): string {
    if (this.#isBlocked) return "";
    this.#hold(this.#options.isJson ? this.#pieces.push(piece) : piece);
    let settled = beforeHalfCharacter(this.#held);
    for (const search of this.#searches) {
      this.#search(search, search.rule.detector.settled(this.#seen));
      settled = Math.min(settled, search.from);
    }
    if (this.#options.isJson) settled = wholeEscapes(this.#seen, settled, settled).start;
    const shown = this.#giveUpTo(settled);
    this.#forget();
    return shown;
  }

  /** The text is over with this piece; returns the rest. Another text may follow. */
  end(piece = ""): string {
    if (this.#isBlocked) return "";
    this.#hold(this.#options.isJson ? this.#pieces.push(piece) + this.#pieces.end() : piece);
    for (const search of this.#searches) this.#search(search, this.#held.length);
    const shown = this.#giveUpTo(this.#held.length);
    this.#held = "";
    this.#seen = "";
    this.#given = 0;
    this.#quotes = new JsonQuotes();
    for (const search of this.#searches) search.from = 0;
    return shown;
  }

  /** Takes the findings that begin before `known`. */
  #search(search: Search, known: number): void {
    const { rule, rank } = search;
    while (search.from < known) {
      const finding = rule.detector.find(this.#seen, search.from);
      if (!finding || finding.start >= known) break;
      this.#take(rule, rank, finding);
      search.from = finding.end;
    }
    search.from = Math.max(search.from, known);
  }

  #take({ filter, action, replacement }: Rule, rank: number, { kind, start, end }: Finding): void {
    this.#options.onFound({ filter, kind, action });
    if (action === "block") this.#isBlocked = true;
    if (action !== "redact") return;
    const place = this.#options.isJson ? wholeEscapes(this.#seen, start, end) : { start, end };
    this.#regions.push({ ...place, rank, replacement: replacement ?? `[${kind}]` });
  }

  #hold(piece: string): void {
    this.#held += piece;
    this.#seen += this.#options.isJson ? maskEscapes(piece) : piece;
  }

  #giveUpTo(settled: number): string {
    if (this.#isBlocked) return "";
    this.#regions = merged(this.#regions);
    let shown = "";
    let done = 0;
    for (const region of this.#regions) {
      if (region.start >= settled) break;
      shown += this.#give(region.start);
      // Another finding may still begin in it, and make it longer.
      if (region.end > settled) {
        settled = region.start;
        break;
      }
      shown += this.#replace(region);
      done += 1;
    }
    this.#regions.splice(0, done);
    return shown + this.#give(settled);
  }

  #give(end: number): string {
    const text = this.#held.slice(this.#given, Math.max(this.#given, end));
    if (this.#options.isJson) this.#quotes.pass(text);
    this.#given += text.length;
    return text;
  }

  #replace({ start, end, replacement }: Region): string {
    this.#given = end;
    if (!this.#options.isJson) return replacement;
    const shown = this.#quotes.replacement(replacement);
    this.#quotes.pass(this.#held.slice(start, end));
    return shown;
  }

  #forget(): void {
    const passed = this.#given - CONTEXT_UNITS;
    if (passed <= 0) return;
    this.#held = this.#held.slice(passed);
    this.#seen = this.#seen.slice(passed);
    this.#given -= passed;
    for (const search of this.#searches) search.from -= passed;
    for (const region of this.#regions) {
      region.start -= passed;
      region.end -= passed;
    }
  }
}

/** Findings that overlap are one: the first gives its name. */
function merged(regions: readonly Region[]): Region[] {
  const apart: Region[] = [];
  for (const region of [...regions].sort((a, b) => a.start - b.start || a.rank - b.rank)) {
    const last = apart.at(-1);
    if (last && region.start < last.end) last.end = Math.max(last.end, region.end);
    else apart.push(region);
  }
  return apart;
}

/** Nobody is given half of a character. */
function beforeHalfCharacter(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length;
}

/** Whether a place in JSON text is inside of a string. */
class JsonQuotes {
  #isInside = false;
  #isEscaped = false;

  pass(text: string): void {
    for (const character of text) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (character === "\\") this.#isEscaped = this.#isInside;
      else if (character === '"') this.#isInside = !this.#isInside;
    }
  }

  replacement(text: string): string {
    const quoted = JSON.stringify(text);
    return this.#isInside ? quoted.slice(1, -1) : quoted;
  }
}

/** A whole text. Undefined: it is blocked. */
export function scanText(text: string, options: TextScannerOptions): string | undefined {
  const scanner = new TextScanner(options);
  const shown = scanner.end(text);
  return scanner.isBlocked ? undefined : shown;
}
