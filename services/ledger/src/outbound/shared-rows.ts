// What many entries have in common and is kept once: who, by which way, at which price. Each row's id is made of its content, so that
// the same content has the same id in every process and for ever, and to add it twice changes nothing.
import { createHash } from "node:crypto";
import { formatUsd } from "@waybill/domain";
import type { UsageFact } from "../core/usage-fact.ts";

/** The tables, in the order in which rows are added. */
export const SHARED_TABLES = ["attribution", "routing", "price"] as const;
export type SharedTable = (typeof SHARED_TABLES)[number];

/** A row as JSON by its columns' names: exact numbers as text, NULL for what is unknown. */
export type SharedRow = Readonly<{ id: string } & Record<string, string | number | boolean | readonly string[] | null>>;

/** The three rows an entry refers to. */
export type SharedRows = Readonly<Record<SharedTable, SharedRow>>;

/** Of an attempt for which no price is known, or none applied. The migrations add this row, so that every entry has one. */
export const NO_PRICE: SharedRow = { id: "00000000-0000-0000-0000-000000000000" };

export function sharedRowsOf(fact: UsageFact): SharedRows {
  return { attribution: attributionRow(fact), routing: routingRow(fact), price: priceRow(fact) };
}

function attributionRow({ attribution: who }: UsageFact): SharedRow {
  return withId("attribution", {
    organisation_id: who.organisationId,
    organisation_name: known(who.organisationName),
    team_id: known(who.teamId),
    team_name: known(who.teamName),
    cost_centre: known(who.costCentre),
    user_id: known(who.userId),
    user_name: known(who.userName),
    key_id: known(who.keyId),
    key_name: known(who.keyName),
    environment: known(who.tags[ENVIRONMENT_TAG] ?? ""),
  });
}

/** The tag that says where a request comes from: production, staging, … */
const ENVIRONMENT_TAG = "environment";

function routingRow(fact: UsageFact): SharedRow {
  return withId("routing", {
    route: known(fact.route),
    route_version: fact.route === "" ? null : fact.routeVersion,
    path: fact.path.length === 0 ? null : fact.path,
    requested_model: known(fact.requestedModel),
    provider: fact.provider,
    provider_account: known(fact.providerAccount),
    model: fact.model,
    upstream_model: known(fact.upstreamModel),
    simulated: fact.simulated,
  });
}

function priceRow({ price }: UsageFact): SharedRow {
  if (!price) return NO_PRICE;
  const { version, tier, perRequestPicoUsd } = price;
  return withId("price", {
    version: known(version),
    above_input_tokens: tier ? String(tier.aboveInputTokens) : null,
    input_usd_per_million: perMillion(tier?.rates.input),
    cached_input_usd_per_million: perMillion(tier?.rates.cachedInput),
    cache_write_5m_usd_per_million: perMillion(tier?.rates.cacheWrite5m),
    cache_write_1h_usd_per_million: perMillion(tier?.rates.cacheWrite1h),
    output_usd_per_million: perMillion(tier?.rates.output),
    reasoning_usd_per_million: perMillion(tier?.rates.reasoningOutput),
    request_usd: tier ? formatUsd(perRequestPicoUsd) : null,
  });
}

/** A rate is pico-USD per token. */
function perMillion(rate: bigint | undefined): string | null {
  return rate === undefined ? null : formatUsd(rate * 1_000_000n);
}

function known(text: string): string | null {
  return text === "" ? null : text;
}

/** Ids that were asked for lately, by the content they are made of: to hash it costs more than all else here. */
const RECENT_MAX = 20_000;
const recent = new Map<string, string>();

function withId(table: SharedTable, columns: Omit<SharedRow, "id">): SharedRow {
  const content = JSON.stringify([table, ...Object.values(columns)]);
  let id = recent.get(content);
  if (id === undefined) {
    id = toUuid(createHash("sha256").update(content).digest("hex"));
    if (recent.size >= RECENT_MAX) recent.clear();
    recent.set(content, id);
  }
  return { id, ...columns };
}

/** The first 128 bits, which are plenty; a uuid takes half the room of a digest. */
function toUuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
