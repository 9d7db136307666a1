import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { effectiveRecord, outranks } from "./effective-record.ts";
import type { RecordSourceName } from "./ids.ts";

const SOURCES: readonly RecordSourceName[] = ["worker", "lost", "ingress", "void"];

test("the worker outranks lost, lost the ingress, the ingress void", () => {
  for (const [index, source] of SOURCES.entries()) {
    for (const [otherIndex, other] of SOURCES.entries()) {
      assert.equal(outranks(source, other), index < otherIndex, `${source} against ${other}`);
    }
  }
});

test("no record, nothing stands", () => {
  assert.equal(effectiveRecord([]), undefined);
});

test("what stands depends on the set of records, not on their order or number", () => {
  const record = fc.record({ source: fc.constantFrom(...SOURCES) });
  fc.assert(
    fc.property(
      fc.uniqueArray(record, { selector: (one) => one.source, minLength: 1 }),
      fc.infiniteStream(fc.nat()),
      (records, dice) => {
        const shuffledWithRepeats = [...records, ...records]
          .map((one) => ({ one, at: dice.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        assert.equal(effectiveRecord(shuffledWithRepeats)?.source, effectiveRecord(records)?.source);
      },
    ),
  );
});
