// How many exact holds and settlements one writer carries on one hot budget. Prints figures; WAYBILL_MEASURE=1 measures
// longer, on a Postgres of its own that forces every commit to disk.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { applyRoles, removeData, type roleNames, startPostgres } from "@waybill/local";
import { migrate, openPool, type Pool } from "@waybill/store";
import { freePort, migrationsOf, startTestDatabase } from "@waybill/testing";
import type { Line, Operation } from "./core/operation.ts";
import { commitBatch, isHopeless } from "./outbound/commit-batch.ts";
import { GroupCommit } from "./outbound/group-commit.ts";
import { limitCounters } from "./outbound/limit-counters.ts";
import { newAttemptId } from "./outbound/postgres-budgets.test.ts";

const isMeasuring = process.env.WAYBILL_MEASURE === "1";
const DURATION_MS = isMeasuring ? 10_000 : 500;
const OUTSTANDING = isMeasuring ? [16, 256, 1_024, 4_096] : [1_024];

interface Place extends AsyncDisposable {
  ownerUrl: string;
}

async function durablePostgres(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-throughput-"));
  const dataDir = join(folder, "data");
  const postgres = await startPostgres({
    dataDir,
    port: await freePort(),
    password: "measure",
    logFile: join(folder, "postgres.log"),
  });
  await applyRoles(postgres.url, {
    waybill_router: "x",
    waybill_budget: "x",
    waybill_ledger: "x",
    finance_reader: "x",
  } satisfies Record<(typeof roleNames)[number], string>);
  await migrate(postgres.url, migrationsOf("budget"));
  return {
    ownerUrl: postgres.url,
    async [Symbol.asyncDispose]() {
      await postgres.stop();
      await removeData(dataDir);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** CPU time of the Postgres process behind the pool's connection; 0 where /proc does not tell. */
async function backendCpuMs(pool: Pool): Promise<number> {
  const { rows } = await pool.query("SELECT pg_backend_pid() AS pid");
  const stat = await readFile(`/proc/${rows[0].pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
}

test("one writer carries thousands of exact holds and settlements a second on one hot budget", async (t) => {
  await using place: Place = isMeasuring
    ? await durablePostgres()
    : await startTestDatabase({ migrations: [migrationsOf("budget")] });
  const pool = openPool({ url: place.ownerUrl, applicationName: "throughput", connectionsMax: 1 });
  await pool.query("INSERT INTO accounts.organisation (id, name) VALUES ('acme', 'Acme')");
  await pool.query(
    `INSERT INTO budget.budget (id, name, organisation_id, limit_pico_usd, window_kind)
     SELECT id, id, 'acme', 1e30, 'month' FROM unnest(ARRAY['team', 'user', 'key']) id`,
  );
  const writer = new GroupCommit({
    commit: (batch: readonly Operation[]) =>
      commitBatch({ pool, limits: limitCounters(() => 0), failpoint() {}, onContradiction() {} }, batch),
    patienceMs: () => 0,
    isHopeless,
    batchMax: 1_000,
    waitingMax: 100_000,
    retryMs: 100,
  });
  const asks = ["team", "user", "key"].map((budgetId) => ({
    budgetId,
    wantPicoUsd: 1_000n,
    leastPicoUsd: 1_000n,
    boundedByShare: false,
  }));
  const message = new Uint8Array(400);
  for (const outstanding of OUTSTANDING) {
    let held = 0;
    let settled = 0;
    const endsAtMs = performance.now() + DURATION_MS;
    const one = async (): Promise<void> => {
      while (performance.now() < endsAtMs) {
        const attemptId = newAttemptId();
        const holder = "router-1";
        const placed = await writer.submit({
          kind: "place_hold",
          attemptId,
          holder,
          asks,
          cut: [],
          lifeMs: 60_000,
          recalled: [],
          message,
        });
        assert.ok(placed.kind === "held");
        held += 1;
        await writer.submit({
          kind: "settle_record",
          recordId: `${attemptId}:worker`,
          attemptId,
          source: "worker",
          revision: 0,
          outcome: "success",
          costPicoUsd: 700n,
          costKnown: true,
          tokens: 0n,
          isWorstCase: false,
          holder,
          lines: placed.lines.map(({ budgetId, windowId, grantId, amountPicoUsd }): Line => {
            return { budgetId, windowId, grantId, amountPicoUsd };
          }),
        });
        settled += 1;
      }
    };
    const startedAtMs = performance.now();
    const cpuBefore = process.cpuUsage();
    const postgresCpuBeforeMs = await backendCpuMs(pool);
    await Promise.all(Array.from({ length: outstanding }, one));
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const cpu = process.cpuUsage(cpuBefore);
    const rate = (count: number): number => Math.round(count / seconds);
    const ownCpuUs = Math.round((cpu.user + cpu.system) / settled);
    const postgresCpuUs = Math.round((((await backendCpuMs(pool)) - postgresCpuBeforeMs) * 1_000) / settled);
    t.diagnostic(
      `${outstanding} outstanding, 3 budgets each, fsync ${isMeasuring ? "on" : "off"}: ${rate(held)} holds/s with ` +
        `${rate(settled)} settlements/s; CPU for both: ${ownCpuUs} us here, ${postgresCpuUs} us in Postgres`,
    );
    assert.ok(settled > 0);
  }
  const { rows } = await pool.query(
    "SELECT count(DISTINCT posted_pico_usd)::int AS sums, max(held_pico_usd) AS held FROM budget.budget_window",
  );
  assert.deepEqual(rows, [{ sums: 1, held: "0" }]);
  await writer.stop(1_000);
  await pool.end();
});
