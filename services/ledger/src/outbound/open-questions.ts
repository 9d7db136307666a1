// Who answers what is asked of the books, each with the connections that its questions may keep.
import type { Queryable } from "./booked-entries.ts";
import type { Pools } from "./open-pools.ts";
import { type PostgresBaselines, postgresBaselines } from "./postgres-baselines.ts";
import { type Focus, postgresFocus } from "./postgres-focus.ts";
import { type PostgresInvoices, postgresInvoices } from "./postgres-invoices.ts";
import { type PostgresReconciliation, postgresReconciliation } from "./postgres-reconciliation.ts";
import { postgresRecorded, type Recorded } from "./postgres-recorded.ts";
import { postgresRequests, type Requests } from "./postgres-requests.ts";
import { postgresSavings, type Savings } from "./postgres-savings.ts";
import { postgresSpend, type Spend } from "./postgres-spend.ts";

export interface Questions {
  spend: Spend;
  requests: Requests;
  savings: Savings;
  baselines: PostgresBaselines;
  focus: Focus;
  invoices: PostgresInvoices;
  reconciliation: PostgresReconciliation;
  recorded: Recorded;
  /** Where entries are read. */
  entries: Queryable;
}

export function openQuestions(pools: Pools): Questions {
  return {
    spend: postgresSpend(pools.spend),
    requests: postgresRequests(pools.search),
    savings: postgresSavings(pools.spend),
    // A declaration waits for the lock of those who book, and a whole month may take its time.
    baselines: postgresBaselines(pools.months),
    focus: postgresFocus(pools.months),
    invoices: postgresInvoices(pools.months),
    reconciliation: postgresReconciliation(pools.months),
    recorded: postgresRecorded(pools.recorded),
    entries: pools.events,
  };
}
