// A migrated database of its own with budgets to test with, and as many writers on it as a test wants.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeUuidV7 } from "@waybill/service";
import { openPool, type Pool } from "@waybill/store";
import { migrationsOf, startTestDatabase } from "@waybill/testing";
import type { Contradiction } from "../core/books.ts";
import type { Answer, Operation } from "../core/operation.ts";
import { commitBatch, isHopeless } from "./commit-batch.ts";
import { GroupCommit } from "./group-commit.ts";
import { limitCounters } from "./limit-counters.ts";

export interface SampleBudget {
  id: string;
  limitPicoUsd: bigint;
  windowKind?: string;
  windowSeconds?: number;
  /** Other columns, by name. */
  rule?: Readonly<Record<string, unknown>>;
}

export interface TestBudgets extends AsyncDisposable {
  ownerUrl: string;
  /** As the service's own role. */
  url: string;
  /** The owner's, for looking and for breaking things. */
  owner: Pool;
  contradictions: Contradiction[];
  addBudget(budget: SampleBudget): Promise<void>;
  /** A writer on a pool of its own, as another process would have it. */
  writer(failpoint?: (name: string) => void): GroupCommit<Operation, Answer>;
  /** limit, posted, held, granted of the budget's windows, oldest first. */
  windows(budgetId: string): Promise<bigint[][]>;
  /** Moves Postgres's clock as the service sees it. */
  setClock(sql: string): Promise<void>;
  /** So much later than the second second of this minute: the clock goes on, and no window ends on its own. */
  setLater(interval: string): Promise<void>;
}

export async function startTestBudgets(...budgets: SampleBudget[]): Promise<TestBudgets> {
  const database = await startTestDatabase({ migrations: [migrationsOf("budget")] });
  const url = database.urlAs("waybill_budget");
  const owner = openPool({ url: database.ownerUrl, applicationName: "test-owner", connectionsMax: 2 });
  const pools: Pool[] = [owner];
  const writers: GroupCommit<Operation, Answer>[] = [];
  const contradictions: Contradiction[] = [];
  const behindMs = (Date.now() % 60_000) - 1_000;
  await owner.query("INSERT INTO accounts.organisation (id, name) VALUES ('acme', 'Acme')");
  const kit: TestBudgets = {
    ownerUrl: database.ownerUrl,
    url,
    owner,
    contradictions,
    async addBudget({ id, limitPicoUsd, windowKind = "month", windowSeconds, rule = {} }) {
      const columns = {
        ...{ id, name: id, organisation_id: "acme", limit_pico_usd: limitPicoUsd },
        ...{ window_kind: windowKind, window_seconds: windowSeconds ?? null, ...rule },
      };
      const places = Object.keys(columns).map((_, index) => `$${index + 1}`);
      await owner.query(
        `INSERT INTO budget.budget (${Object.keys(columns).join(", ")}) VALUES (${places.join(", ")})`,
        Object.values(columns),
      );
    },
    writer(failpoint = () => {}) {
      const pool = openPool({ url, applicationName: "test-writer", connectionsMax: 2 });
      pools.push(pool);
      const limits = limitCounters(() => performance.now());
      const writer = new GroupCommit<Operation, Answer>({
        commit: (batch) =>
          commitBatch({ pool, limits, failpoint, onContradiction: (one) => contradictions.push(one) }, batch),
        patienceMs: () => 0,
        isHopeless,
        batchMax: 1_000,
        waitingMax: 50_000,
        retryMs: 20,
      });
      writers.push(writer);
      return writer;
    },
    async windows(budgetId) {
      const { rows } = await owner.query(
        `SELECT limit_pico_usd, posted_pico_usd, held_pico_usd, granted_pico_usd FROM budget.budget_window
         WHERE budget_id = $1 ORDER BY starts_at`,
        [budgetId],
      );
      return rows.map((row) => Object.values(row as Record<string, string>).map(BigInt));
    },
    async setClock(sql) {
      await owner.query(
        `CREATE OR REPLACE FUNCTION budget.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT ${sql} $$`,
      );
    },
    setLater: (interval) => kit.setClock(`clock_timestamp() - interval '${behindMs} ms' + interval '${interval}'`),
    async [Symbol.asyncDispose]() {
      for (const writer of writers) await writer.stop(1_000);
      for (const pool of pools) await pool.end();
      await database.stop();
    },
  };
  for (const budget of budgets) await kit.addBudget(budget);
  return kit;
}

/** A new attempt of a new request. */
export const newAttemptId = (attempt = 1): string => `${makeUuidV7()}.${attempt}`;

test("the service's role may not change budgets, keys' owners or what was settled", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1n });
  const pool = openPool({ url: kit.url, applicationName: "test", connectionsMax: 1 });
  for (const forbidden of [
    "UPDATE budget.budget SET limit_pico_usd = 9",
    "UPDATE accounts.virtual_key SET user_id = 'x'",
    "UPDATE budget.settled_record SET cost_pico_usd = 0",
    "CREATE TABLE budget.mine ()",
  ]) {
    await assert.rejects(pool.query(forbidden), /permission denied/);
  }
  await pool.end();
});
