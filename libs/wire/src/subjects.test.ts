import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { STREAMS } from "./streams.ts";
import { SUBJECTS, subjects } from "./subjects.ts";

test("whatever an id holds, it is one token of its subject", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      assert.equal(subjects.work({ provider: one, model: other }).split(".").length, 4);
      for (const subject of [
        subjects.usage(one),
        subjects.decision(one),
        subjects.claim(one),
        subjects.body(one),
        subjects.cancel(one),
      ]) {
        assert.equal(subject.split(".").length, 3);
        assert.match(subject, /^waybill\.[a-z]+\.[A-Za-z0-9_-]+$/);
      }
    }),
  );
});

test("two models, and two organisations, never share a subject", () => {
  const id = fc.string({ unit: fc.constantFrom("a", ".", "_", "-", "/"), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(id, id, id, id, (provider, model, otherProvider, otherModel) => {
      const same = provider === otherProvider && model === otherModel;
      const one = subjects.work({ provider, model });
      const other = subjects.work({ provider: otherProvider, model: otherModel });
      assert.equal(one === other, same);
      assert.equal(subjects.usage(provider) === subjects.usage(otherProvider), provider === otherProvider);
      assert.equal(subjects.decision(provider) === subjects.decision(otherProvider), provider === otherProvider);
    }),
  );
});

test("what is said to be kept lies in a stream, and what is not does not", () => {
  const streams = Object.values(STREAMS);
  for (const { pattern, kept } of Object.values(SUBJECTS)) {
    const stream = streams.find(({ subjects: [filter = ""] }) => pattern.startsWith(filter.replace(/>$/, "")));
    assert.equal(stream?.name ?? "core", kept, pattern);
  }
});
