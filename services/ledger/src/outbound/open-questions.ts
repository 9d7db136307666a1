// Who answers what is asked of the sums, each with the connections that its questions may keep.
import type { Pools } from "./open-pools.ts";
import { type PostgresBaselines, postgresBaselines } from "./postgres-baselines.ts";
import { type Focus, postgresFocus } from "./postgres-focus.ts";
import { postgresSavings, type Savings } from "./postgres-savings.ts";
import { postgresSpend, type Spend } from "./postgres-spend.ts";

export interface Questions {
  spend: Spend;
  savings: Savings;
  baselines: PostgresBaselines;
  focus: Focus;
}

export function openQuestions(pools: Pools): Questions {
  return {
    spend: postgresSpend(pools.spend),
    savings: postgresSavings(pools.spend),
    // A declaration waits for the lock of those who book, and a whole month may take its time.
    baselines: postgresBaselines(pools.months),
    focus: postgresFocus(pools.months),
  };
}
