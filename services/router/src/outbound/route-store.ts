// The schema `routing`: what is deployed, as versions that never change. One function per question.
import type { DeployedModel, Deployment, PriceEntry } from "@waybill/catalog";
import { formatModelId, type PriceTier } from "@waybill/domain";
import type { Client } from "@waybill/store";

type Kind = "provider" | "model" | "alias" | "route";

/** One deployed thing. */
export interface DeployedRow {
  kind: Kind;
  name: string;
  version: number;
  document: Record<string, unknown>;
}

/** Replicas that start together take turns; released when the transaction ends. */
export async function lockRouting(client: Client): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('waybill.routing.deploy'))");
}

/** Makes the operator's file the deployed state: new versions for what changed, nothing for what did not, and what the file no longer names is taken away. */
export async function storeDeployment(client: Client, deployment: Deployment): Promise<void> {
  const named: { kind: Kind; name: string; document: object }[] = [
    ...deployment.providers.map((provider) => ({ kind: "provider" as const, name: provider.id, document: provider })),
    ...deployment.models.map((model) => ({
      kind: "model" as const,
      name: formatModelId(model),
      document: plain(model),
    })),
    ...deployment.aliases.map((alias) => ({ kind: "alias" as const, name: alias.name, document: alias })),
  ];
  for (const { kind, name, document } of named) await deployVersion(client, kind, name, document, "file");
  for (const model of deployment.models) await storePrices(client, formatModelId(model), model.prices);
  await client.query(
    `DELETE FROM routing.deployment d WHERE source = 'file'
      AND NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS named(kind, name)
                      WHERE named.kind = d.kind AND named.name = d.name)`,
    [named.map(({ kind }) => kind), named.map(({ name }) => name)],
  );
}

function plain({ prices: _, ...rest }: DeployedModel): object {
  return rest;
}

/** Deploys a document: as a new version when it differs from the newest one of its name, else that version again. */
async function deployVersion(
  client: Client,
  kind: Kind,
  name: string,
  document: object,
  source: "file" | "seed" | "api",
): Promise<void> {
  const json = JSON.stringify(document);
  await client.query(
    `INSERT INTO routing.version (kind, name, version, document, created_by)
     SELECT $1, $2, coalesce(max(version), 0) + 1, $3::jsonb, $4 FROM routing.version WHERE kind = $1 AND name = $2
     HAVING NOT coalesce((array_agg(document ORDER BY version DESC))[1] = $3::jsonb, false)`,
    [kind, name, json, source],
  );
  await client.query(
    `INSERT INTO routing.deployment AS d (kind, name, version, source)
     SELECT $1, $2, max(version), $3 FROM routing.version WHERE kind = $1 AND name = $2
     ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, source = excluded.source, deployed_at = now()
     WHERE (d.version, d.source) <> (excluded.version, excluded.source)`,
    [kind, name, source],
  );
}

/** Deploys a route as version 1 unless a route of that name has ever existed: what people took away stays away. */
export async function seedRoute(client: Client, name: string, document: object): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM routing.version WHERE kind = 'route' AND name = $1", [name]);
  if (rowCount === 0) await deployVersion(client, "route", name, document, "seed");
}

async function storePrices(client: Client, model: string, prices: readonly PriceEntry[]): Promise<void> {
  for (const { effectiveFromMs, price } of prices) {
    await client.query(
      `INSERT INTO routing.price (model, version, effective_from, tiers, per_request_pico_usd)
       VALUES ($1, $2, to_timestamp($3::double precision / 1000), $4::jsonb, $5) ON CONFLICT DO NOTHING`,
      [model, price.version, effectiveFromMs, tiersToJson(price.tiers), price.perRequestPicoUsd.toString()],
    );
    await client.query("INSERT INTO routing.price_list (model, version) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      model,
      price.version,
    ]);
  }
  await client.query("DELETE FROM routing.price_list WHERE model = $1 AND version <> ALL ($2::text[])", [
    model,
    prices.map(({ price }) => price.version),
  ]);
}

/** Everything that is deployed. */
export async function readDeployed(client: Client): Promise<DeployedRow[]> {
  const { rows } = await client.query<DeployedRow>(
    `SELECT kind, name, version, document FROM routing.deployment JOIN routing.version USING (kind, name, version)
     ORDER BY kind, name`,
  );
  return rows;
}

interface PriceRow {
  model: string;
  version: string;
  effective_from_ms: bigint;
  tiers: StoredTier[];
  per_request: string;
}

/** The price entries of every model, by <provider>/<model>. */
export async function readPrices(client: Client): Promise<Map<string, PriceEntry[]>> {
  const { rows } = await client.query<PriceRow>(
    `SELECT model, version, (extract(epoch FROM effective_from) * 1000)::bigint AS effective_from_ms, tiers,
            per_request_pico_usd::text AS per_request
     FROM routing.price_list JOIN routing.price USING (model, version) ORDER BY model, effective_from, version`,
  );
  const byModel = new Map<string, PriceEntry[]>();
  for (const { model, version, effective_from_ms, tiers, per_request } of rows) {
    const price = { version, tiers: tiers.map(tierFromJson), perRequestPicoUsd: BigInt(per_request) };
    const entries = byModel.get(model) ?? [];
    byModel.set(model, entries);
    entries.push({ effectiveFromMs: Number(effective_from_ms), price });
  }
  return byModel;
}

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
