// routing.price: entries with effective dates that never change. Which of them a model has now stands in its own version.
import type { PriceEntry } from "@waybill/catalog";
import type { PriceTier } from "@waybill/domain";
import type { Client } from "@waybill/store";

/** Adds what is not there yet. The version of an entry names its figures for ever: the first one to say them is right. */
export async function storePrices(client: Client, model: string, prices: readonly PriceEntry[]): Promise<void> {
  for (const { effectiveFromMs, price } of prices) {
    await client.query(
      `INSERT INTO routing.price (model, version, effective_from, tiers, per_request_pico_usd)
       VALUES ($1, $2, to_timestamp($3::double precision / 1000), $4::jsonb, $5) ON CONFLICT DO NOTHING`,
      [model, price.version, effectiveFromMs, tiersToJson(price.tiers), price.perRequestPicoUsd.toString()],
    );
  }
}

interface PriceRow {
  model: string;
  version: string;
  effective_from_ms: bigint;
  tiers: StoredTier[];
  per_request: string;
}

/** Every entry these models ever had, by <provider>/<model>; undefined: of all models. */
export async function readPrices(client: Client, models: readonly string[] | undefined): Promise<PricesByModel> {
  const { rows } = await client.query<PriceRow>(
    `SELECT model, version, (extract(epoch FROM effective_from) * 1000)::bigint AS effective_from_ms, tiers,
            per_request_pico_usd::text AS per_request
     FROM routing.price WHERE $1::text[] IS NULL OR model = ANY ($1) ORDER BY model, effective_from, version`,
    [models ?? null],
  );
  const byModel: PricesByModel = new Map();
  for (const { model, version, effective_from_ms, tiers, per_request } of rows) {
    const price = { version, tiers: tiers.map(tierFromJson), perRequestPicoUsd: BigInt(per_request) };
    const entries = byModel.get(model) ?? [];
    byModel.set(model, entries);
    entries.push({ effectiveFromMs: Number(effective_from_ms), price });
  }
  return byModel;
}

export type PricesByModel = Map<string, PriceEntry[]>;

/** Rates as decimal text: JSON numbers would be floats. */
interface StoredTier {
  above_input_tokens: string;
  rates: Record<keyof PriceTier["rates"], string>;
}

function tiersToJson(tiers: readonly PriceTier[]): string {
  const stored = tiers.map(({ aboveInputTokens, rates }) => ({ above_input_tokens: aboveInputTokens, rates }));
  return JSON.stringify(stored, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

function tierFromJson({ above_input_tokens, rates }: StoredTier): PriceTier {
  return {
    aboveInputTokens: BigInt(above_input_tokens),
    rates: {
      input: BigInt(rates.input),
      cachedInput: BigInt(rates.cachedInput),
      cacheWrite5m: BigInt(rates.cacheWrite5m),
      cacheWrite1h: BigInt(rates.cacheWrite1h),
      output: BigInt(rates.output),
      reasoningOutput: BigInt(rates.reasoningOutput),
    },
  };
}
