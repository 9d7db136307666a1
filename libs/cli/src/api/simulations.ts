// What a month would cost, as the admin API shows it.
interface SimulatedSums {
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: string | null;
}

interface SimulatedScenario {
  costUsd: string | null;
  knownCostUsd: string;
  models: (SimulatedSums & { model: string })[];
  lines: (SimulatedSums & { part: string; model: string; share: string })[];
}

export interface SimulatedCost {
  daysPerMonth: number;
  baseline: SimulatedScenario;
  proposal: SimulatedScenario;
  delta: { costUsd: string; percent: string | null } | null;
  recorded: {
    from: string;
    until: string;
    daysWithTraffic: number;
    calls: number;
    costUsd: string | null;
    knownCostUsd: string;
    perMonthUsd: string | null;
  } | null;
  prices: { model: string; priceVersion: string | null }[];
  assumptions: string[];
}
