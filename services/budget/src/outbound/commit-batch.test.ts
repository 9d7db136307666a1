import assert from "node:assert/strict";
import { test } from "node:test";
import { makeUuidV7 } from "@waybill/service";
import fc from "fast-check";
import type { HoldAsk, Line, Operation, PlaceHold, SettleRecord } from "../core/operation.ts";
import { newAttemptId, startTestBudgets } from "./postgres-budgets.test.ts";

const LIMIT = 1_000_000n;

const ask = (budgetId: string, amount: bigint): HoldAsk => ({
  budgetId,
  wantPicoUsd: amount,
  leastPicoUsd: amount,
  boundedByShare: false,
});

const place = (attemptId: string, ...asks: HoldAsk[]): PlaceHold => ({
  kind: "place_hold",
  attemptId,
  holder: "router-1",
  asks,
  cut: [],
  lifeMs: 60_000,
  recalled: [],
  message: new Uint8Array([1, 2, 3]),
});

const record = (
  attemptId: string,
  source: SettleRecord["source"],
  costPicoUsd: bigint,
  lines: readonly Line[],
): SettleRecord => ({
  kind: "settle_record",
  recordId: `${attemptId}:${source}`,
  attemptId,
  source,
  revision: 0,
  outcome: "success",
  costPicoUsd,
  costKnown: true,
  tokens: 0n,
  isWorstCase: false,
  holder: "router-1",
  lines,
});

async function after<T>(delayMs: number, work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  return work();
}

test("1000 holds at once over two processes on a budget for 37: exactly 37 are held", async () => {
  await using kit = await startTestBudgets({ id: "tight", limitPicoUsd: 37n }, { id: "wide", limitPicoUsd: LIMIT });
  const writers = [kit.writer(), kit.writer()] as const;
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      (writers[index % 2] ?? writers[0]).submit(place(newAttemptId(), ask("wide", 1n), ask("tight", 1n))),
    ),
  );
  assert.equal(answers.filter(({ kind }) => kind === "held").length, 37);
  assert.equal(answers.filter(({ kind }) => kind === "refused").length, 963);
  assert.deepEqual(await kit.windows("tight"), [[37n, 0n, 37n, 0n]]);
  assert.deepEqual(await kit.windows("wide"), [[LIMIT, 0n, 37n, 0n]]);
});

test("a transaction that fails before its commit leaves nothing, and its operations are carried out by the next", async () => {
  await using kit = await startTestBudgets({ id: "tight", limitPicoUsd: 37n });
  let failures = 3;
  const flaky = kit.writer((name) => {
    if (name === "before_commit" && failures-- > 0) throw new Error("the database went away");
  });
  const steady = kit.writer();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      (index % 2 === 0 ? flaky : steady).submit(place(newAttemptId(), ask("tight", 1n))),
    ),
  );
  assert.ok(failures < 0, "the writer did not meet the failure");
  assert.equal(answers.filter(({ kind }) => kind === "held").length, 37);
  assert.deepEqual(await kit.windows("tight"), [[37n, 0n, 37n, 0n]]);
});

test("after a hold that did not fit beside credit, no process gives new credit of that budget for a while, and of others it does", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1_000n }, { id: "other", limitPicoUsd: 1_000n });
  const writers = [kit.writer(), kit.writer()] as const;
  const grant = async (writer: (typeof writers)[number], budgetId: string): Promise<bigint> => {
    const ids = { kind: "ask_grant", grantId: makeUuidV7(), holder: "router-1", budgetId } as const;
    const amounts = { needPicoUsd: 5n, wantPicoUsd: 5n, lifeMs: 5_000, holdLifeMs: 60_000 };
    const answer = await writer.submit({ ...ids, ...amounts });
    return answer.kind === "granted" ? answer.amountPicoUsd : -1n;
  };
  assert.equal(await grant(writers[0], "b"), 5n);
  const refused = await writers[0].submit(place(newAttemptId(), ask("b", 1_000n)));
  assert.deepEqual(refused.kind === "refused" && refused.recallable, ["b"]);
  assert.deepEqual([await grant(writers[0], "b"), await grant(writers[1], "b")], [0n, 0n]);
  assert.equal(await grant(writers[1], "other"), 5n);
  await kit.setClock("clock_timestamp() + interval '4001 ms'");
  assert.equal(await grant(writers[1], "b"), 5n);
});

test("an answer that is lost after the commit is given again, and nothing is held twice", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1_000n });
  let lost = false;
  const writer = kit.writer((name) => {
    if (name !== "after_commit_before_answer" || lost) return;
    lost = true;
    throw new Error("the connection broke");
  });
  const grantId = makeUuidV7();
  const [held, granted] = await Promise.all([
    writer.submit(place(newAttemptId(), ask("b", 100n))),
    writer.submit({
      kind: "ask_grant",
      grantId,
      holder: "router-1",
      budgetId: "b",
      needPicoUsd: 5n,
      wantPicoUsd: 5n,
      lifeMs: 5_000,
      holdLifeMs: 60_000,
    }),
  ]);
  assert.ok(lost);
  assert.ok(held.kind === "held" && granted.kind === "granted");
  assert.equal(granted.amountPicoUsd, 5n);
  assert.deepEqual(await kit.windows("b"), [[1_000n, 0n, 100n, 5n]]);
});

test("one operation that Postgres refuses fails alone; the others of its batch are answered", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1_000n });
  const writer = kit.writer();
  const operations = Array.from({ length: 9 }, () => place(newAttemptId(), ask("b", 1n)));
  const poison = place(`${newAttemptId()}\u0000`, ask("b", 1n));
  const outcomes = await Promise.allSettled([...operations, poison].map((operation) => writer.submit(operation)));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 9);
  assert.equal(outcomes.at(-1)?.status, "rejected");
  assert.deepEqual(await kit.windows("b"), [[1_000n, 0n, 9n, 0n]]);
});

test("records, journal lines and closings in any order, twice, over two processes: the sums are the same", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: LIMIT });
  const writers = [kit.writer(), kit.writer()] as const;
  let posted = 0n;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          journaled: fc.boolean(),
          sources: fc.uniqueArray(fc.constantFrom("worker", "lost", "ingress"), { minLength: 1, maxLength: 3 }),
          cost: fc.bigInt(0n, 4n),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      fc.infiniteStream(fc.nat(1_000)),
      async (attempts, dice) => {
        const grantId = makeUuidV7();
        const granted = await writers[0].submit({
          kind: "ask_grant",
          grantId,
          holder: "router-1",
          budgetId: "b",
          needPicoUsd: 40n,
          wantPicoUsd: 40n,
          lifeMs: 5_000,
          holdLifeMs: 60_000,
        });
        assert.ok(granted.kind === "granted" && granted.amountPicoUsd === 40n);
        const line = { budgetId: "b", windowId: granted.windowId, grantId, amountPicoUsd: 4n };
        const facts: Operation[] = [{ kind: "close_grant", grantId, debitedPicoUsd: 4n * BigInt(attempts.length) }];
        for (const { journaled, sources, cost } of attempts) {
          const attemptId = newAttemptId();
          if (journaled) {
            facts.push({
              kind: "journal_attempt",
              attemptId,
              holder: "router-1",
              lines: [line],
              holdLifeMs: 60_000,
              message: new Uint8Array([1]),
            });
          }
          for (const source of sources) {
            facts.push(record(attemptId, source, source === "worker" ? cost : 4n, [line]));
          }
          posted += sources.includes("worker") ? cost : 4n;
        }
        const told = [...facts, ...facts]
          .map((fact) => ({ fact, at: dice.next().value as number }))
          .sort((a, b) => a.at - b.at);
        const answers = await Promise.all(told.map(({ fact, at }) => (writers[at % 2] ?? writers[0]).submit(fact)));
        assert.ok(answers.every(({ kind }) => kind !== "impossible"));
        assert.deepEqual(await kit.windows("b"), [[LIMIT, posted, 0n, 0n]]);
      },
    ),
    { numRuns: 40 },
  );
  const kept = await kit.owner.query("SELECT count(*)::int AS n FROM budget.hold WHERE message IS NOT NULL");
  assert.equal(kept.rows[0].n, 0);
});

test("two records of one attempt that name different windows, at the same moment: one cost stands", async () => {
  await using kit = await startTestBudgets({ id: "a", limitPicoUsd: LIMIT }, { id: "b", limitPicoUsd: LIMIT });
  const writers = [kit.writer(), kit.writer()] as const;
  const first = await writers[0].submit(place(newAttemptId(), ask("a", 1n), ask("b", 1n)));
  assert.ok(first.kind === "held");
  const [lineA, lineB] = [...first.lines].sort((x, y) => (x.budgetId < y.budgetId ? -1 : 1));
  assert.ok(lineA && lineB);
  // Together and with a head start for either, so that each statement of the one falls between any two of the other.
  for (let round = 0; round < 60; round += 1) {
    const attemptId = newAttemptId();
    await Promise.all([
      after(round % 4, () => writers[0].submit(record(attemptId, "worker", 3n, [lineA]))),
      after(round % 3, () => writers[1].submit({ ...record(attemptId, "lost", 9n, [lineB]), holder: "router-2" })),
    ]);
  }
  assert.deepEqual(await kit.windows("a"), [[LIMIT, 180n, 1n, 0n]]);
  assert.deepEqual(await kit.windows("b"), [[LIMIT, 0n, 1n, 0n]]);
});

test("a new month begins with the whole limit; what is held in the old one settles in the old one", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 10n });
  const writer = kit.writer();
  await kit.setClock("timestamptz '2026-12-31 23:59:59.5+00'");
  const attemptId = newAttemptId();
  const old = await writer.submit(place(attemptId, ask("b", 10n)));
  assert.ok(old.kind === "held");
  const refused = await writer.submit(place(newAttemptId(), ask("b", 1n)));
  assert.ok(refused.kind === "refused");
  assert.equal(new Date(refused.resetsAtMs ?? 0).toISOString(), "2027-01-01T00:00:00.000Z");
  await kit.setClock("timestamptz '2027-01-01 00:00:00+00'");
  const fresh = await writer.submit(place(newAttemptId(), ask("b", 10n)));
  assert.ok(fresh.kind === "held");
  assert.notEqual(fresh.lines[0]?.windowId, old.lines[0]?.windowId);
  await writer.submit(record(attemptId, "worker", 7n, old.lines));
  assert.deepEqual(await kit.windows("b"), [
    [10n, 7n, 0n, 0n],
    [10n, 0n, 10n, 0n],
  ]);
});
