// What the stories need from the world. The adapters are in outbound/ and inbound/.
import type { BudgetRefusal, BudgetUnit, HoldLine, JournaledAttempt, LimitDefinition } from "@waybill/wire";
import type { GrantAsk, GrantGiven, TemplateCounter } from "./core/credit.ts";
import type { JournalBatch } from "./core/journal-queue.ts";

/** How a question to the budget service ended. `unanswered`: nothing is known of it; `sent` says whether it may have arrived. */
export type Unanswered = { kind: "unanswered"; sent: boolean };

export interface ExactAsk {
  budgetId: string;
  wantPicoUsd: bigint;
  leastPicoUsd: bigint;
  boundedByShare: boolean;
  /** What the amounts count. */
  unit: BudgetUnit;
  /** Set for a limit node's counter. */
  limit: LimitDefinition | undefined;
  /** Set for a template's counter. */
  template: TemplateCounter | undefined;
}

/** One exact hold on several budgets, all or none. Repeated under the same attempt id it gets the first answer. */
interface ExactHold {
  asks: ExactAsk[];
  /** The attempt with the lines already cut from grants. */
  attempt: JournaledAttempt;
}

type ExactAnswer = { kind: "placed"; lines: HoldLine[] } | { kind: "refused"; refusal: BudgetRefusal } | Unanswered;

/** The budget service. Nothing here throws. */
export interface BudgetService {
  /** True when a question would be sent now. */
  readonly isOpen: boolean;
  askGrant(ask: GrantAsk, deadlineMs: number): Promise<{ kind: "given"; given: GrantGiven } | Unanswered>;
  placeHold(hold: ExactHold, deadlineMs: number): Promise<ExactAnswer>;
  /** True when the lines are durable. */
  journal(batch: JournalBatch<JournaledAttempt>, deadlineMs: number): Promise<boolean>;
}

/** Measurements the stories make; the names are given in main.ts. */
export interface Observations {
  decided(code: string, tookMs: number): void;
  waitedForBudget(tookMs: number): void;
  /** A soft or observing budget matched and could not be asked. */
  unheld(count: number): void;
}

/** Kills this process at a named point; does nothing outside of fault tests. */
export type Failpoint = (name: string) => void;
