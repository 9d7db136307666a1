// Anthropic: its cost report and its usage report of messages, as JSON of its admin API or as CSV of its console.
import type { InvoiceLine, LineKind } from "./invoice-line.ts";
import { type InvoiceFormat, type RowMeaning, type RowReader, USD_SCALE } from "./row-reader.ts";

/** The API's amounts are in cents. */
const CENT_SCALE = USD_SCALE - 2;

export const anthropic: InvoiceFormat = {
  columns: [["starting_at", "usage_date_utc"]],
  read(reader) {
    const day = reader.day("starting_at", "usage_date_utc");
    if (day === undefined || !isOneDay(reader, day)) return undefined;
    const isCost = reader.text("amount") !== "" || reader.text("cost_usd") !== "";
    return isCost ? readCost(reader, day) : readUsage(reader, day);
  },
};

function isOneDay(reader: RowReader, day: string): boolean {
  const end = reader.text("ending_at");
  if (end === "") return true;
  // The end is not part of the bucket: that of a day is the midnight behind it.
  const [, endDay = "", time = ""] = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(end) ?? [];
  if (endDay === day || (time === "00:00" && isNextDay(day, endDay))) return true;
  reader.fault("ending_at", "the bucket is longer than a day: export with bucket_width=1d");
  return false;
}

function isNextDay(day: string, next: string): boolean {
  const [from, to] = [day.slice(-2), next.slice(-2)].map(Number);
  return (
    to === (from ?? 0) + 1 || (to === 1 && (from ?? 0) >= 28 && next > day && next.slice(0, 7) !== day.slice(0, 7))
  );
}

const KINDS: Readonly<Record<string, LineKind>> = {
  uncached_input_tokens: "input",
  input_no_cache: "input",
  cache_read_input_tokens: "cached_input",
  input_cache_read: "cached_input",
  "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
  input_cache_write_5m: "cache_write_5m",
  "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
  input_cache_write_1h: "cache_write_1h",
  output_tokens: "output",
  output: "output",
};

/** A cost has no count of tokens; that is what the usage report is for. */
function readCost(reader: RowReader, day: string): RowMeaning {
  reader.mustBeUsd("currency");
  const amountPicoUsd = reader.amount(CENT_SCALE, "amount") ?? reader.amount(USD_SCALE, "cost_usd");
  const line: InvoiceLine = {
    ...{ fileLine: reader.fileLine, day, charge: "usage", quantity: undefined, amountPicoUsd },
    account: accountOf(reader),
    model: reader.name("model", "description", "cost_type"),
    kind: KINDS[reader.text("token_type")] ?? "other",
  };
  return { day, lines: [line] };
}

function readUsage(reader: RowReader, day: string): RowMeaning {
  const model = reader.name("model", "model_version");
  const account = accountOf(reader);
  const quantities: readonly [LineKind, bigint | undefined][] = [
    ["input", reader.quantity(0, "uncached_input_tokens", "usage_input_tokens_no_cache")],
    ["cached_input", reader.quantity(0, "cache_read_input_tokens", "usage_input_tokens_cache_read")],
    [
      "cache_write_5m",
      reader.quantity(0, "cache_creation.ephemeral_5m_input_tokens", "usage_input_tokens_cache_write_5m"),
    ],
    [
      "cache_write_1h",
      reader.quantity(0, "cache_creation.ephemeral_1h_input_tokens", "usage_input_tokens_cache_write_1h"),
    ],
    ["output", reader.quantity(0, "output_tokens", "usage_output_tokens")],
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

/** As finely as it was grouped: by key, else by workspace. The API leaves the default workspace without an id. */
function accountOf(reader: RowReader): string {
  return reader.name("api_key_id", "api_key", "workspace_id", "workspace");
}
