import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { effectiveRecord, type RankedRecord } from "./effective-record.ts";

const record: fc.Arbitrary<RankedRecord> = fc.record(
  {
    source: fc.constantFrom("worker", "lost", "ingress", "void"),
    revision: fc.nat(2),
    costPicoUsd: fc.bigInt(0n, 3n),
    outcome: fc.constantFrom("success", "partial", "failed_free", "failed_billed", "unknown"),
  },
  // Equal records must be equal to deepEqual, too.
  { noNullPrototype: true },
);

test("the worker's own record stands against every inferred one", () => {
  const worker: RankedRecord = { source: "worker", revision: 0, costPicoUsd: 1n, outcome: "success" };
  const lost: RankedRecord = { source: "lost", revision: 0, costPicoUsd: 9n, outcome: "unknown" };
  const ingress: RankedRecord = { source: "ingress", revision: 0, costPicoUsd: 5n, outcome: "partial" };
  const gone: RankedRecord = { source: "void", revision: 0, costPicoUsd: 0n, outcome: "failed_free" };
  assert.equal(effectiveRecord([gone, ingress, lost, worker]), worker);
  assert.equal(effectiveRecord([gone, ingress, lost]), lost);
  assert.equal(effectiveRecord([gone, ingress]), ingress);
  assert.equal(effectiveRecord([gone]), gone);
  assert.equal(effectiveRecord([]), undefined);
});

test("of one source the later revision stands, and of another source none does", () => {
  const worker: RankedRecord = { source: "worker", revision: 0, costPicoUsd: 0n, outcome: "success" };
  const lost: RankedRecord = { source: "lost", revision: 7, costPicoUsd: 9n, outcome: "unknown" };
  const revised: RankedRecord = { ...worker, revision: 2, costPicoUsd: 3n };
  assert.equal(effectiveRecord([{ ...revised, revision: 1, costPicoUsd: 5n }, revised, worker, lost]), revised);
  assert.equal(effectiveRecord([lost, worker]), worker);
});

test("neither order nor repetition changes which record stands", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.nat(), (records, seed) => {
      const turned = records.map((_, index) => records[(index + seed) % records.length] as RankedRecord);
      const again = [...turned.reverse(), ...records];
      assert.deepEqual(effectiveRecord(again), effectiveRecord(records));
    }),
  );
});

test("folding records in one by one gives what ranking them together gives", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), (records) => {
      let folded: RankedRecord | undefined;
      for (const next of records) folded = effectiveRecord(folded ? [folded, next] : [next]);
      assert.deepEqual(folded, effectiveRecord(records));
    }),
  );
});
