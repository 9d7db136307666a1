// Baselines and savings of the wire as the admin API shows them.
import { formatUsd } from "@waybill/domain";
import { type AttemptSavings, type Baseline, type BaselineRate, PriceRates, SavingsRow } from "@waybill/wire";
import type { z } from "zod";
import { rateText } from "../../core/price-text.ts";
import type { requestDetail } from "../schemas/decisions.ts";
import type * as schemas from "../schemas/savings.ts";
import { isoTime } from "./iso-time.ts";

type Sums = z.input<typeof schemas.savings>["total"];
type Why = Sums["notCompared"][number]["why"];

/** `changedPrices`: its models whose price is another one by now. `isOfInstallation`: who asks may know who runs it. */
export function baselineJson(
  wire: Baseline,
  changedPrices: string[],
  isOfInstallation: boolean,
): z.input<typeof schemas.baseline> {
  const isShown = isOfInstallation || wire.organisationId !== "";
  return {
    organisation: wire.organisationId || null,
    route: wire.route || null,
    version: wire.version,
    // The ledger takes no other.
    kind: wire.kind as z.input<typeof schemas.baseline>["kind"],
    model: wire.model || null,
    routeVersion: wire.routeVersion || null,
    from: wire.fromDay,
    holds: wire.holds,
    declaredAt: isoTime(wire.declaredAtMs),
    declaredBy: isShown ? wire.declaredBy : null,
    reason: isShown ? wire.reason : "",
    unpricedModels: wire.unpricedModels,
    changedPrices,
    rates: wire.rates.map(rateJson),
  };
}

function rateJson(wire: BaselineRate): z.input<typeof schemas.baseline>["rates"][number] {
  const rates = wire.rates ?? PriceRates.create({});
  return {
    model: wire.model,
    fromDay: wire.fromDay || null,
    untilDay: wire.untilDay || null,
    priceVersion: wire.priceVersion,
    aboveInputTokens: Number(wire.aboveInputTokens),
    input: rateText(rates.input),
    cachedInput: rateText(rates.cachedInput),
    cacheWrite5m: rateText(rates.cacheWrite5m),
    cacheWrite1h: rateText(rates.cacheWrite1h),
    output: rateText(rates.output),
    reasoningOutput: rateText(rates.reasoningOutput),
    perRequest: formatUsd(wire.perRequestPicoUsd),
  };
}

export function savingsRowJson(row: SavingsRow): z.input<typeof schemas.savings>["rows"][number] {
  return { value: row.value || null, name: row.name || null, ...sumsJson(row) };
}

const SHARE_PLACES = 10_000n;

export function sumsJson(wire: SavingsRow | undefined): Sums {
  const row = wire ?? SavingsRow.create({});
  const baselinePicoUsd = BigInt(row.baselineCostPicoUsd || 0);
  return {
    answers: Number(row.answers),
    costUsd: usdOrNull(row.costPicoUsd),
    failedCostUsd: formatUsd(BigInt(row.failedCostPicoUsd || 0)),
    routingCostUsd: "0",
    baselineCostUsd: usdOrNull(row.baselineCostPicoUsd),
    savedUsd: usdOrNull(row.savedPicoUsd),
    savedShare:
      row.savedPicoUsd === "" || baselinePicoUsd === 0n
        ? null
        : Number((BigInt(row.savedPicoUsd) * SHARE_PLACES) / baselinePicoUsd) / Number(SHARE_PLACES),
    lostCacheReadsAtMostUsd: usdOrNull(row.lostCacheReadsAtMostPicoUsd),
    quality: row.quality ?? null,
    qualityAnswers: Number(row.qualityAnswers),
    keptAnswers: Number(row.keptAnswers),
    notCompared: row.notCompared.map(({ why, attempts, costPicoUsd }) => ({
      ...{ why: why as Why, attempts: Number(attempts) },
      costUsd: usdOrNull(costPicoUsd),
    })),
  };
}

export function attemptSavingsJson(wire: AttemptSavings): z.input<typeof requestDetail>["savings"][number] {
  return {
    attempt: wire.attempt,
    comparison: wire.comparison as z.input<typeof requestDetail>["savings"][number]["comparison"],
    baselineModel: wire.baselineModel || null,
    baselineKind: wire.baselineKind || null,
    baselineVersion: wire.baselineVersion || null,
    baselineCostUsd: usdOrNull(wire.baselineCostPicoUsd),
    savedUsd: usdOrNull(wire.savedPicoUsd),
    lostCacheReadsAtMostUsd: usdOrNull(wire.lostCacheReadsAtMostPicoUsd),
    keptAnswerSavedUsd: usdOrNull(wire.keptAnswerSavedPicoUsd),
  };
}

/** Empty on the wire: unknown. */
function usdOrNull(picoUsd: string): string | null {
  return picoUsd === "" ? null : formatUsd(BigInt(picoUsd));
}
