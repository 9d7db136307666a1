// Models and budgets to test with.
import type { Price } from "@waybill/domain";
import { BudgetUnit } from "@waybill/wire";
import { type BudgetScope, EMPTY_SCOPE, type IndexedBudget } from "./budget-index.ts";
import type { ModelEntry } from "./snapshot.ts";

export function samplePrice(input: bigint, output: bigint): Price {
  const rates = {
    input,
    cachedInput: input,
    cacheWrite5m: input,
    cacheWrite1h: input,
    output,
    reasoningOutput: output,
  };
  return { version: "test-1", tiers: [{ aboveInputTokens: 0n, rates }], perRequestPicoUsd: 0n };
}

export function sampleModel(id: string, overrides: Partial<ModelEntry> = {}): ModelEntry {
  const [provider = "", model = ""] = id.split("/");
  return {
    id,
    provider,
    model,
    upstreamModel: model,
    contextWindowTokens: 128_000n,
    maxOutputTokens: 4_096n,
    capabilities: new Set(["tools", "images", "json_schema"]),
    price: samplePrice(5_000_000n, 15_000_000n),
    simulated: true,
    quality: new Map(),
    firstTokenMs: 0,
    outputTokensPerSecond: 0,
    deprecatedAtMs: 0,
    version: 1,
    ...overrides,
  };
}

export function sampleBudget(id: string, scope: Partial<BudgetScope>, hard = true): IndexedBudget {
  return { id, name: id, scope: { ...EMPTY_SCOPE, ...scope }, hard, unit: BudgetUnit.UNSPECIFIED };
}
