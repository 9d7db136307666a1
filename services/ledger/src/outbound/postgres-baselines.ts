// Baselines in Postgres: added with their rates, listed, never changed.
import { formatUsd, parseUsd } from "@waybill/domain";
import { type Client, type Pool, type Row, transact } from "@waybill/store";
import { Baseline, BaselineRate, PriceRates } from "@waybill/wire";
import { holding } from "../core/baseline-rules.ts";
import type { DeclareBaselinePorts, NewBaseline } from "../declare-baseline.ts";

const LISTED_MAX = 1_000;
const NOW = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD')";

const DECLARED = `
  SELECT organisation_id AS "organisationId", route, version, to_char(from_day, 'YYYY-MM-DD') AS "fromDay" FROM ledger.baseline`;

const ADD = `
  INSERT INTO ledger.baseline (organisation_id, route, version, kind, model, from_day, route_version, unpriced_models, declared_by, reason)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`;
const RATE_COLUMNS = `model, above_input_tokens, up_to_input_tokens, price_version, input_usd_per_million, cached_input_usd_per_million,
  cache_write_5m_usd_per_million, cache_write_1h_usd_per_million, output_usd_per_million, reasoning_usd_per_million, request_usd`;
const ADD_RATES = `
  INSERT INTO ledger.baseline_rate (baseline_id, from_day, until_day, ${RATE_COLUMNS})
  SELECT $1, from_day, until_day, ${RATE_COLUMNS} FROM jsonb_populate_recordset(NULL::ledger.baseline_rate, $2)`;

// Of one organisation its own and everyone's; the rates as the service knows them, in pico-USD per token.
const LIST = `
  SELECT b.id, b.organisation_id, b.route, b.version, b.kind, b.model, to_char(b.from_day, 'YYYY-MM-DD') AS from_day, b.route_version,
    b.unpriced_models, floor(extract(epoch FROM b.declared_at) * 1000)::bigint AS declared_at_ms, b.declared_by, b.reason, ${NOW} AS today,
    (SELECT coalesce(json_agg(json_build_object('model', r.model, 'price_version', r.price_version, 'above', r.above_input_tokens::text,
        'from_day', CASE WHEN isfinite(r.from_day) THEN to_char(r.from_day, 'YYYY-MM-DD') ELSE '' END,
        'until_day', CASE WHEN isfinite(r.until_day) THEN to_char(r.until_day, 'YYYY-MM-DD') ELSE '' END,
        'input', r.input_usd_per_million::text, 'cached_input', r.cached_input_usd_per_million::text,
        'cache_write_5m', r.cache_write_5m_usd_per_million::text, 'cache_write_1h', r.cache_write_1h_usd_per_million::text,
        'output', r.output_usd_per_million::text, 'reasoning', r.reasoning_usd_per_million::text, 'request', r.request_usd::text)
        ORDER BY r.model, r.from_day, r.above_input_tokens), '[]')
      FROM ledger.baseline_rate r WHERE r.baseline_id = b.id) AS rates
  FROM ledger.baseline b WHERE $1 = '' OR b.organisation_id IN ($1, '') ORDER BY b.id DESC LIMIT ${LISTED_MAX}`;

export interface PostgresBaselines extends DeclareBaselinePorts {
  /** The newest first; of one organisation with everyone's, or of all (""). */
  list(organisationId: string): Promise<Baseline[]>;
}

export function postgresBaselines(pool: Pool): PostgresBaselines {
  return {
    whileNobodyDeclares: (work) =>
      transact(pool, async (client) => {
        // Under the lock of those who close months, so that none is closed meanwhile; there is no other that a declaration needs.
        const { rows } = await client.query<{ closed: string | null; today: string }>(
          `SELECT to_char(ledger.begin_booking(), 'YYYY-MM-DD') AS closed, ${NOW} AS today`,
        );
        const { rows: declared } = await client.query(DECLARED);
        const times = { today: rows[0]?.today ?? "", closedMonth: rows[0]?.closed ?? undefined };
        return work({ times, declared: declared.map(toDeclared), add: (baseline) => add(client, baseline) });
      }),
    async list(organisationId) {
      const { rows } = await pool.query(LIST, [organisationId]);
      const listed = rows.map(toBaseline);
      const held = holding(listed, rows[0]?.today ?? "");
      return listed.map((one) => ({ ...one, holds: held.has(one) }));
    },
  };
}

async function add(client: Client, baseline: NewBaseline): Promise<void> {
  const { organisationId, route, version, kind, model, fromDay, routeVersion, unpricedModels, by, reason } = baseline;
  const versionOfRoute = kind === "costliest_candidate" ? routeVersion : null;
  const { rows } = await client.query(ADD, [
    ...[organisationId, route, version, kind, model, fromDay, versionOfRoute, unpricedModels, by, reason],
  ]);
  const rates = baseline.bands.map((band) => ({
    ...{ model: band.model, from_day: band.fromDay, until_day: band.untilDay, price_version: band.priceVersion },
    above_input_tokens: String(band.aboveInputTokens),
    up_to_input_tokens: band.upToInputTokens === undefined ? null : String(band.upToInputTokens),
    input_usd_per_million: perMillion(band.rates.input),
    cached_input_usd_per_million: perMillion(band.rates.cachedInput),
    cache_write_5m_usd_per_million: perMillion(band.rates.cacheWrite5m),
    cache_write_1h_usd_per_million: perMillion(band.rates.cacheWrite1h),
    output_usd_per_million: perMillion(band.rates.output),
    reasoning_usd_per_million: perMillion(band.rates.reasoningOutput),
    request_usd: formatUsd(band.perRequestPicoUsd),
  }));
  await client.query(ADD_RATES, [rows[0].id, JSON.stringify(rates)]);
}

const TOKENS_PER_RATE = 1_000_000n;

function perMillion(picoUsdPerToken: bigint): string {
  return formatUsd(picoUsdPerToken * TOKENS_PER_RATE);
}

function perToken(usdPerMillion: string): bigint {
  return parseUsd(usdPerMillion) / TOKENS_PER_RATE;
}

function toDeclared({ organisationId, route, version, fromDay }: Row) {
  return { organisationId, route, version, fromDay };
}

function toBaseline(row: Row): Baseline {
  return Baseline.create({
    organisationId: row.organisation_id,
    route: row.route,
    version: row.version,
    kind: row.kind,
    model: row.model,
    fromDay: row.from_day,
    routeVersion: Number(row.route_version ?? 0),
    unpricedModels: row.unpriced_models,
    declaredAtMs: row.declared_at_ms,
    declaredBy: row.declared_by,
    reason: row.reason,
    rates: row.rates.map(toRate),
  });
}

function toRate(rate: Row): BaselineRate {
  const of = (name: string): bigint => perToken(rate[name]);
  return BaselineRate.create({
    ...{ model: rate.model, fromDay: rate.from_day, untilDay: rate.until_day, priceVersion: rate.price_version },
    aboveInputTokens: BigInt(rate.above),
    rates: PriceRates.create({
      ...{ input: of("input"), cachedInput: of("cached_input"), cacheWrite5m: of("cache_write_5m") },
      ...{ cacheWrite1h: of("cache_write_1h"), output: of("output"), reasoningOutput: of("reasoning") },
    }),
    perRequestPicoUsd: parseUsd(rate.request),
  });
}
