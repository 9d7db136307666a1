// Fields of one row of an invoice's file, read exactly; what is wrong is gathered with its line and field.
import type { PicoUsd } from "@waybill/domain";
import { dayOf } from "./day-text.ts";
import { parseScaled } from "./decimal-text.ts";
import type { InvoiceFault, InvoiceLine, InvoiceRow } from "./invoice-line.ts";

/** What was noticed over all rows of a file. */
export interface FileNotes {
  faults: InvoiceFault[];
  roundedAmounts: number;
  amountDecimals: number;
}

/** What a row is: the day it covers and its lines, none where nothing was used; or usage of another service. */
export type RowMeaning = { day: string; lines: InvoiceLine[] } | "left out";

/** How the files of one vendor are read. */
export interface InvoiceFormat {
  /** One of each group of columns must be there, by its plain name; the first of a group is what people know it by. */
  columns: readonly (readonly string[])[];
  /** Undefined: something was wrong, and `reader` has noted what. */
  read(reader: RowReader): RowMeaning | undefined;
}

/** An amount fits the books' numeric(31, 12); a count fits an int64. */
const AMOUNT_MAX: PicoUsd = 10n ** 30n;
const QUANTITY_MAX = 9_223_372_036_854_775_807n;
const TEXT_MAX = 200;
/** Of a pico-dollar: 12 places. */
export const USD_SCALE = 12;

export class RowReader {
  readonly fileLine: number;
  #fields: ReadonlyMap<string, string>;
  #notes: FileNotes;

  constructor({ fileLine, fields }: InvoiceRow, notes: FileNotes) {
    this.fileLine = fileLine;
    this.#fields = fields;
    this.#notes = notes;
  }

  /** The first of these fields that is not empty, without blanks around; empty: none of them. Names as people write them. */
  text(...names: string[]): string {
    for (const name of names) {
      const value = this.#fields.get(plainName(name))?.trim() ?? "";
      if (value !== "" && value !== "null") return value;
    }
    return "";
  }

  /** The same, of one line, and cut where it is longer than a name may be. */
  name(...names: string[]): string {
    return [...this.text(...names).slice(0, TEXT_MAX)].map((sign) => (sign < " " ? " " : sign)).join("");
  }

  /** Undefined, and noted: there is none. */
  day(...names: string[]): string | undefined {
    const text = this.text(...names);
    const day = dayOf(text);
    if (day === undefined) this.fault(names[0] ?? "", `${quoted(text)} is no time in UTC`);
    return day;
  }

  /** Pico-USD; undefined: the field is empty. `scale` is 12 for dollars, 10 for cents. What is no amount is noted. */
  amount(scale: number, ...names: string[]): PicoUsd | undefined {
    const text = this.text(...names);
    if (text === "") return undefined;
    const found = parseScaled(text, scale);
    if (!found || found.value > AMOUNT_MAX || found.value < -AMOUNT_MAX) {
      this.fault(names[0] ?? "", `${quoted(text)} is no amount`);
      return 0n;
    }
    if (!found.isExact) this.#notes.roundedAmounts += 1;
    const decimals = Math.min(found.decimals + USD_SCALE - scale, USD_SCALE);
    this.#notes.amountDecimals = Math.max(this.#notes.amountDecimals, decimals);
    return found.value;
  }

  /** Tokens or requests, to the nearest whole one; undefined: the field is empty. `powerOfTen` is that of its unit: 3 for thousands. */
  quantity(powerOfTen: number, ...names: string[]): bigint | undefined {
    const text = this.text(...names);
    if (text === "") return undefined;
    const found = parseScaled(text, powerOfTen);
    if (!found || found.value > QUANTITY_MAX || found.value < -QUANTITY_MAX) {
      this.fault(names[0] ?? "", `${quoted(text)} is no count`);
      return 0n;
    }
    return found.value;
  }

  /** Notes a currency other than USD: it is never added to what is in USD. An export that names none is in USD. */
  mustBeUsd(...names: string[]): void {
    const currency = this.text(...names);
    if (currency !== "" && currency.toUpperCase() !== "USD") {
      this.fault(names[0] ?? "", `${quoted(currency)}: only USD is held against the books`);
    }
  }

  fault(field: string, problem: string): void {
    this.#notes.faults.push({ fileLine: this.fileLine, field, problem });
  }
}

/** "lineItem/UsageType", "line_item_usage_type" and "Line Item Usage Type" are the same field. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** The power of ten of "1K", "1M tokens" or "count"; undefined: a unit whose size is not known. */
export function unitPower(unit: string): number | undefined {
  const text = unit
    .toLowerCase()
    .replace(/\b(tokens?|input|output)\b/g, "")
    .replace(/[\s,_-]+/g, "");
  if (["", "1", "count", "requests", "request"].includes(text)) return unit.trim() === "" ? undefined : 0;
  if (["1k", "1000", "k", "thousand"].includes(text)) return 3;
  if (["1m", "1000000", "m", "million"].includes(text)) return 6;
  return undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
