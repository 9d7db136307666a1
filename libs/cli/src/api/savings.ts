// Baselines and savings as the admin API shows them.
interface BaselineRate {
  model: string;
  fromDay: string | null;
  untilDay: string | null;
  priceVersion: string;
  aboveInputTokens: number;
  input: string;
  cachedInput: string;
  cacheWrite5m: string;
  cacheWrite1h: string;
  output: string;
  reasoningOutput: string;
  perRequest: string;
}

export interface Baseline {
  organisation: string | null;
  route: string | null;
  version: number;
  kind: "model" | "costliest_candidate" | "none";
  model: string | null;
  routeVersion: number | null;
  from: string;
  holds: boolean;
  declaredAt: string;
  declaredBy: string | null;
  reason: string;
  unpricedModels: string[];
  changedPrices: string[];
  rates: BaselineRate[];
}

export interface SavingsSums {
  answers: number;
  costUsd: string | null;
  failedCostUsd: string;
  routingCostUsd: string;
  baselineCostUsd: string | null;
  savedUsd: string | null;
  savedShare: number | null;
  lostCacheReadsAtMostUsd: string | null;
  quality: number | null;
  qualityAnswers: number;
  keptAnswers: number;
  notCompared: { why: string; attempts: number; costUsd: string | null }[];
}

export interface Savings {
  month: string;
  closed: boolean;
  simulated: boolean;
  by: string;
  baselines: string[];
  rows: (SavingsSums & { value: string | null; name: string | null })[];
  total: SavingsSums;
  more: boolean;
  notes: string[];
}
