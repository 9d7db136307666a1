import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveRecord, type RecordSourceName } from "@waybill/domain";
import fc from "fast-check";
import { type KnownRecord, planEntries } from "./plan-entries.ts";
import { sampleFact, sampleRequest } from "./sample-fact.test.ts";
import { attemptIdOf, type UsageFact } from "./usage-fact.ts";

interface SimulatedEntry {
  attempt: string;
  sequence: number;
  sign: 1 | -1;
  fact: UsageFact;
}

/** Books in memory: what Postgres keeps, without Postgres. */
class SimulatedBooks {
  readonly records: (KnownRecord & { fact: UsageFact })[] = [];
  readonly entries: SimulatedEntry[] = [];

  take(batch: readonly UsageFact[]): void {
    const plan = planEntries(this.records, batch);
    for (const { fact, entrySequence } of plan.records) this.records.push({ ...fact, fact, entrySequence });
    for (const { replacedBy, standingSequence } of plan.reversals) {
      const attempt = attemptIdOf(replacedBy);
      const standing = this.entries.find((entry) => entry.attempt === attempt && entry.sequence === standingSequence);
      assert.ok(standing, "what is taken back is on the books");
      this.#add({ ...standing, sequence: standingSequence + 1, sign: -1 });
    }
    for (const { fact, sequence } of plan.entries) this.#add({ attempt: attemptIdOf(fact), sequence, sign: 1, fact });
  }

  #add(entry: SimulatedEntry): void {
    const taken = this.entries.some((other) => other.attempt === entry.attempt && other.sequence === entry.sequence);
    assert.ok(!taken, "a sequence is used once per attempt");
    this.entries.push(entry);
  }

  /** Per attempt: how often it counts, what it costs, and what stands. */
  net(): Map<string, { count: number; costPicoUsd: bigint; outputTokens: bigint }> {
    const net = new Map<string, { count: number; costPicoUsd: bigint; outputTokens: bigint }>();
    for (const { attempt, sign, fact } of this.entries) {
      const sum = net.get(attempt) ?? { count: 0, costPicoUsd: 0n, outputTokens: 0n };
      sum.count += sign;
      sum.costPicoUsd += BigInt(sign) * fact.costPicoUsd;
      sum.outputTokens += BigInt(sign) * fact.tokens.output;
      net.set(attempt, sum);
    }
    return net;
  }
}

const source = fc.constantFrom<RecordSourceName>("worker", "ingress", "void", "lost");
const fact = fc
  .record({ request: fc.nat(2), attempt: fc.integer({ min: 1, max: 2 }), source, cost: fc.bigInt(0n, 9n) })
  .map(({ request, attempt, source, cost }) =>
    sampleFact({ ...sampleRequest(request), attempt, source, costPicoUsd: cost }),
  );
const facts = fc.uniqueArray(fact, {
  selector: (one) => `${attemptIdOf(one)}:${one.source}`,
  minLength: 1,
  maxLength: 16,
});

test("the books are the same whatever the order, the batches and the repetitions", () => {
  fc.assert(
    fc.property(facts, fc.infiniteStream(fc.nat()), (set, dice) => {
      const roll = (sides: number): number => (dice.next().value ?? 0) % sides;
      const delivered = set.flatMap((one) => Array.from({ length: 1 + roll(3) }, () => ({ one, at: roll(1_000_000) })));
      delivered.sort((a, b) => a.at - b.at);
      const books = new SimulatedBooks();
      while (delivered.length > 0) books.take(delivered.splice(0, 1 + roll(4)).map(({ one }) => one));

      const together = new SimulatedBooks();
      together.take(set);
      assert.deepEqual([...books.net()].sort(), [...together.net()].sort());
      for (const [attempt, { count, costPicoUsd }] of books.net()) {
        const standing = effectiveRecord(set.filter((one) => attemptIdOf(one) === attempt));
        assert.equal(count, 1, "every attempt counts once");
        assert.equal(costPicoUsd, standing?.costPicoUsd);
      }
    }),
  );
});

test("a first record makes the original entry", () => {
  const only = sampleFact();
  const plan = planEntries([], [only]);
  assert.deepEqual(plan.entries, [{ fact: only, sequence: 1 }]);
  assert.deepEqual(plan.records, [{ fact: only, entrySequence: 1 }]);
  assert.deepEqual(plan.reversals, []);
});

test("a record that outranks the standing one takes it back and stands instead", () => {
  const lost = { ...sampleFact({ source: "lost", costPicoUsd: 9n }), entrySequence: 1 };
  const worker = sampleFact({ costPicoUsd: 4n });
  const plan = planEntries([lost], [worker]);
  assert.deepEqual(plan.reversals, [{ replacedBy: worker, standingSequence: 1 }]);
  assert.deepEqual(plan.entries, [{ fact: worker, sequence: 3 }]);
});

test("a record of lower rank is kept and changes nothing", () => {
  const worker = { ...sampleFact(), entrySequence: 1 };
  const late = sampleFact({ source: "lost", costPicoUsd: 9n });
  const plan = planEntries([worker], [late]);
  assert.deepEqual(plan.records, [{ fact: late, entrySequence: undefined }]);
  assert.equal(plan.entries.length + plan.reversals.length, 0);
});

test("a known record changes nothing, however often it comes", () => {
  const known = { ...sampleFact(), entrySequence: 1 };
  const plan = planEntries([known], [sampleFact(), sampleFact()]);
  assert.deepEqual(plan, { records: [], entries: [], reversals: [], duplicates: 2 });
});

test("books whose standing record has no entry are not built upon", () => {
  const damaged = { ...sampleFact({ source: "void" }), entrySequence: undefined };
  assert.throws(() => planEntries([damaged], [sampleFact()]), /damaged/);
});
