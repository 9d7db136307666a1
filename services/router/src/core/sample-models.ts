// Models and budgets to test with.
import type { Price } from "@waybill/domain";
import type { BudgetScope, IndexedBudget } from "./budget-index.ts";
import type { ModelEntry } from "./snapshot.ts";

export const ANY_SCOPE: BudgetScope = {
  organisationId: "",
  teamId: "",
  userId: "",
  keyId: "",
  endUserId: "",
  route: "",
  provider: "",
  model: "",
  tagName: "",
  tagValue: "",
};

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
    ...overrides,
  };
}

export function sampleBudget(id: string, scope: Partial<BudgetScope>, hard = true): IndexedBudget {
  return { id, name: id, scope: { ...ANY_SCOPE, ...scope }, hard };
}
