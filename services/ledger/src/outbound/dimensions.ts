// The dimensions of an entry, each kept once for many: who, by which way, at which price, who carried it, between which accounts. A
// row's id is made of its content, so that the same content has the same id in every process and for ever, and to add it twice
// changes nothing.
import { createHash } from "node:crypto";
import { formatUsd } from "@waybill/domain";
import { accountsOf } from "../core/accounts.ts";
import type { UsageFact } from "../core/usage-fact.ts";

/** The tables, in the order in which rows are added. */
export const DIMENSION_TABLES = ["attribution", "routing", "price", "carrier", "account"] as const;
export type DimensionTable = (typeof DIMENSION_TABLES)[number];

type Value = string | number | boolean | readonly string[] | null;

export interface DimensionRow {
  table: DimensionTable;
  id: string;
  /** As JSON by the columns' names: exact numbers as text, null for what is unknown. */
  columns: Readonly<Record<string, Value>>;
}

/** The rows an entry refers to. */
export interface EntryDimensions {
  attribution: DimensionRow;
  routing: DimensionRow;
  price: DimensionRow;
  carrier: DimensionRow;
  debit: DimensionRow;
  credit: DimensionRow;
}

/** Of an attempt for which no price is known, or none applied. The migrations add this row, so that every entry has one. */
export const NO_PRICE: DimensionRow = { table: "price", id: "00000000-0000-0000-0000-000000000000", columns: {} };

/** The tag that says where a request comes from: production, staging, … */
const ENVIRONMENT_TAG = "environment";

export function dimensionsOf(fact: UsageFact): EntryDimensions {
  const { debit, credit } = accountsOf(fact);
  return {
    attribution: attributionRow(fact),
    routing: routingRow(fact),
    price: priceRow(fact),
    carrier: carrierRow(fact),
    debit: accountRow(debit),
    credit: accountRow(credit),
  };
}

function attributionRow({ attribution: who }: UsageFact): DimensionRow {
  const environment = who.tags[ENVIRONMENT_TAG] ?? "";
  const key =
    keyOf(who.organisationId, who.organisationName, who.teamId, who.teamName, who.costCentre, who.userId) +
    keyOf(who.userName, who.keyId, who.keyName, environment);
  return remembered("attribution", key, () => ({
    organisation_id: who.organisationId,
    organisation_name: known(who.organisationName),
    team_id: known(who.teamId),
    team_name: known(who.teamName),
    cost_centre: known(who.costCentre),
    user_id: known(who.userId),
    user_name: known(who.userName),
    key_id: known(who.keyId),
    key_name: known(who.keyName),
    environment: known(environment),
  }));
}

function routingRow(fact: UsageFact): DimensionRow {
  const key =
    keyOf(fact.route, fact.routeVersion, fact.requestedModel, fact.provider, fact.providerAccount, fact.model) +
    keyOf(fact.upstreamModel, fact.simulated, ...fact.path);
  return remembered("routing", key, () => ({
    route: known(fact.route),
    route_version: fact.route === "" ? null : fact.routeVersion,
    path: fact.path.length === 0 ? null : fact.path,
    requested_model: known(fact.requestedModel),
    provider: fact.provider,
    provider_account: known(fact.providerAccount),
    model: fact.model,
    upstream_model: known(fact.upstreamModel),
    simulated: fact.simulated,
  }));
}

function priceRow({ price }: UsageFact): DimensionRow {
  if (!price) return NO_PRICE;
  const { version, tier, perRequestPicoUsd } = price;
  const rates = tier?.rates;
  const key =
    keyOf(version, tier?.aboveInputTokens, rates?.input, rates?.cachedInput, rates?.cacheWrite5m) +
    keyOf(rates?.cacheWrite1h, rates?.output, rates?.reasoningOutput, perRequestPicoUsd);
  return remembered("price", key, () => ({
    version: known(version),
    above_input_tokens: tier ? String(tier.aboveInputTokens) : null,
    input_usd_per_million: perMillion(rates?.input),
    cached_input_usd_per_million: perMillion(rates?.cachedInput),
    cache_write_5m_usd_per_million: perMillion(rates?.cacheWrite5m),
    cache_write_1h_usd_per_million: perMillion(rates?.cacheWrite1h),
    output_usd_per_million: perMillion(rates?.output),
    reasoning_usd_per_million: perMillion(rates?.reasoningOutput),
    request_usd: tier ? formatUsd(perRequestPicoUsd) : null,
  }));
}

function carrierRow({ holder, ingressId, workerId }: UsageFact): DimensionRow {
  return remembered("carrier", keyOf(holder, ingressId, workerId), () => ({
    holder: known(holder),
    ingress_id: known(ingressId),
    worker_id: known(workerId),
  }));
}

function accountRow(name: string): DimensionRow {
  return remembered("account", name, () => ({ name }));
}

function keyOf(...parts: (string | number | bigint | boolean | undefined)[]): string {
  return `${parts.join("\0")}\0`;
}

/** A rate is pico-USD per token. */
function perMillion(rate: bigint | undefined): string | null {
  return rate === undefined ? null : formatUsd(rate * 1_000_000n);
}

function known(text: string): string | null {
  return text === "" ? null : text;
}

/** Rows that were asked for lately: to make one and hash it costs more than all else here. About 500 bytes each. */
const RECENT_MAX = 50_000;
const recent: Readonly<Record<DimensionTable, Map<string, DimensionRow>>> = {
  attribution: new Map(),
  routing: new Map(),
  price: new Map(),
  carrier: new Map(),
  account: new Map(),
};

/** `key` is all of its content, in texts that hold no NUL (read-fact.ts sees to that), each ended by one. */
function remembered(table: DimensionTable, key: string, make: () => DimensionRow["columns"]): DimensionRow {
  const rows = recent[table];
  let row = rows.get(key);
  if (!row) {
    const columns = make();
    row = { table, id: idOf(table, columns), columns };
    if (rows.size >= RECENT_MAX) rows.clear();
    rows.set(key, row);
  }
  return row;
}

/** The first 128 bits of a digest are plenty, and a uuid takes half its room. */
function idOf(table: DimensionTable, columns: DimensionRow["columns"]): string {
  const hex = createHash("sha256")
    .update(JSON.stringify([table, ...Object.values(columns)]))
    .digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
