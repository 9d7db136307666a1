// OpenAI: costs and usage of completions and embeddings by day, as JSON of its admin API or as CSV of its dashboard.
import type { InvoiceLine, LineKind } from "./invoice-line.ts";
import { type InvoiceFormat, type RowMeaning, type RowReader, USD_SCALE } from "./row-reader.ts";

const DAY_SECONDS = 86_400n;

/** Costs have `amount`, usage has tokens; a bucket in which nothing happened has neither and is still covered. */
export const openai: InvoiceFormat = {
  columns: [["start_time"]],
  read(reader) {
    const day = reader.day("start_time", "start_time_iso");
    if (day === undefined || !isOneDay(reader)) return undefined;
    if (reader.text("amount_value") !== "") return readCosts(reader, day);
    return readUsage(reader, day);
  },
};

function isOneDay(reader: RowReader): boolean {
  const [start, end] = [reader.text("start_time"), reader.text("end_time")];
  if (!/^\d+$/.test(start) || !/^\d+$/.test(end) || BigInt(end) - BigInt(start) <= DAY_SECONDS) return true;
  reader.fault("end_time", "the bucket is longer than a day: export with bucket_width=1d");
  return false;
}

/** `line_item` is "gpt-4o-mini-2024-07-18, cached input"; what is about no model, as "web search tool calls", has no such end. */
function readCosts(reader: RowReader, day: string): RowMeaning {
  reader.mustBeUsd("amount_currency");
  const item = reader.name("line_item");
  const [, model = item, what = ""] = /^(.+), ([a-z ]+)$/.exec(item) ?? [];
  const kind: LineKind = what === "" ? "other" : (KINDS[what] ?? "other");
  const isKnown = KINDS[what] !== undefined;
  const line: InvoiceLine = {
    ...{ fileLine: reader.fileLine, day, kind, charge: "usage" },
    account: accountOf(reader),
    model: isKnown ? model : item,
    quantity: isKnown ? reader.quantity(0, "quantity") : undefined,
    amountPicoUsd: reader.amount(USD_SCALE, "amount_value"),
  };
  return { day, lines: [line] };
}

const KINDS: Readonly<Record<string, LineKind>> = {
  input: "input",
  "cached input": "cached_input",
  output: "output",
};

/** `input_tokens` includes what was read from the cache; `output_tokens` includes reasoning, which usage does not tell apart. */
function readUsage(reader: RowReader, day: string): RowMeaning {
  const model = reader.name("model");
  const account = accountOf(reader);
  const cached = reader.quantity(0, "input_cached_tokens") ?? 0n;
  const input = reader.quantity(0, "input_tokens");
  const quantities: readonly [LineKind, bigint | undefined][] = [
    ["input", input === undefined ? undefined : input - cached],
    ["cached_input", cached],
    ["output", reader.quantity(0, "output_tokens")],
    ["requests", reader.quantity(0, "num_model_requests")],
  ];
  const lines = quantities.flatMap(([kind, quantity]): InvoiceLine[] =>
    quantity === undefined || quantity === 0n
      ? []
      : [
          {
            ...{ fileLine: reader.fileLine, account, day, model, kind, charge: "usage", quantity },
            amountPicoUsd: undefined,
          },
        ],
  );
  return { day, lines };
}

/** As finely as it was grouped: by key, else by project. */
function accountOf(reader: RowReader): string {
  return reader.name("api_key_id", "project_id");
}
