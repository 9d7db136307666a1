// What a line of a provider's invoice says, whatever the format of the file: the same exact fields for all of them.
import type { PicoUsd } from "@waybill/domain";

/** What is charged. The kinds are disjoint: `input` is without what was read from or written to a cache, `output` without `reasoning`. */
export type LineKind =
  | "input"
  | "cached_input"
  | "cache_write_5m"
  | "cache_write_1h"
  | "output"
  | "reasoning"
  | "requests"
  | "other";

/** Only usage is held against the books; taxes and credits are kept apart. */
export type Charge = "usage" | "tax" | "credit";

/** A line; one row of a file may make several, as one for each kind of token. */
export interface InvoiceLine {
  /** Of the file, from 1. */
  fileLine: number;
  /** As the export names it: key, project, workspace, subscription or resource. Empty: it names none. */
  account: string;
  /** UTC, "2026-10-03". */
  day: string;
  /** As the provider names it; for what belongs to no model, the item's own name. Empty: it names none. */
  model: string;
  kind: LineKind;
  charge: Charge;
  /** Tokens, or requests; undefined: the file does not say. */
  quantity: bigint | undefined;
  /** Undefined: the file does not say, which is never the same as 0. */
  amountPicoUsd: PicoUsd | undefined;
}

/** What is wrong with a file, and where. */
export interface InvoiceFault {
  /** From 1; 0: the whole file. */
  fileLine: number;
  /** As the file names it. */
  field: string;
  problem: string;
}

/** A file that was understood, all of it. */
export interface ParsedInvoice {
  lines: InvoiceLine[];
  /** First and last UTC day that it covers, also where nothing was used on them. */
  fromDay: string;
  untilDay: string;
  /** Rows of other services of the same vendor, which are no usage of models. */
  leftOutRows: number;
  /** Amounts with digits below a pico-dollar, which were rounded. */
  roundedAmounts: number;
  /** Most decimal places of an amount, at most 12: what the file itself rounds to. */
  amountDecimals: number;
}

/** A row of a file: its fields by name, in lower case and without anything but letters and digits, so that spellings do not matter. */
export interface InvoiceRow {
  fileLine: number;
  fields: ReadonlyMap<string, string>;
}
