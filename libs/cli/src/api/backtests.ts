// Recorded requests run again, as the admin API sums them.
interface Sums {
  requests: number;
  changed: number;
  refusedBefore: number;
  refusedAfter: number;
  exact: number;
  estimated: number;
  unknown: number;
  compared: number;
  actualUsd: string | null;
  draftUsd: string | null;
  draftLowUsd: string | null;
  draftHighUsd: string | null;
  otherActualUsd: string;
  otherDraftUsd: string;
}

export interface Latency {
  p50Ms: number;
  p95Ms: number;
}

export interface BacktestAnswer {
  from: string | null;
  until: string | null;
  total: Sums;
  teams: (Sums & { teamId: string; teamName: string })[];
  models: {
    model: string;
    requestsBefore: number;
    requestsAfter: number;
    answers: number;
    averageOutputTokens: number | null;
    latency: Latency | null;
  }[];
  moves: (Sums & { from: string; to: string })[];
  latency: { actual: Latency | null; draft: Latency | null };
  draftByUsualAnswersUsd: string | null;
  more: boolean;
  skipped: number;
  confidence: string[];
}

export interface BacktestProgress {
  requests: number;
  total: number;
}
