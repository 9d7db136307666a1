// Rate limits as the admin API shows them.
import type { Scope } from "./budgets.ts";

export interface RateLimit {
  id: string;
  scope: Scope;
  per: string | null;
  unit: string;
  amount: number;
  perSeconds: number | null;
  burst: number;
}

export interface SavedRateLimit {
  rateLimit: RateLimit;
  outcome: "create" | "update" | "same";
  dryRun: boolean;
}
