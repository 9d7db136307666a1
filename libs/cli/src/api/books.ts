// Months of the books and spend as the admin API shows them.
export interface BooksMonth {
  month: string;
  closedAt: string | null;
  closedBy: string | null;
  requests: number;
  attempts: number;
  unpricedAttempts: number;
  costUsd: string;
  lateAttempts: number;
  lateCostUsd: string;
  entriesDropped: boolean;
}

export interface VerifiedBooks {
  checkedMonths: number;
  entries: number;
  comparedRecords: number;
  publishedAgain: number;
  tookMs: number;
  problemCount: number;
  problems: { rule: string; problem: string; month: string; attemptId: string | null; detail: string }[];
}

export interface UnpricedModel {
  model: string;
  attempts: number;
  inputTokens: number;
  outputTokens: number;
  firstDay: string;
  lastDay: string;
  state: "no_price" | "starts_later" | "waiting";
}

export interface Repriced {
  looked: number;
  revised: number;
  arrived: number;
  beforeUsd: string;
  afterUsd: string;
  notRevised: Record<string, number>;
  nextCursor: string | null;
}

export interface SpendSums {
  requests: number;
  attempts: number;
  failedAttempts: number;
  unpricedAttempts: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  averageMs: number | null;
  costUsd: string;
  wastedCostUsd: string;
}

export interface Spend {
  by: string[];
  from: string;
  until: string;
  rows: (SpendSums & { group: Record<string, string | null>; names: Record<string, string> })[];
  total: SpendSums;
  more: boolean;
}
