// What follows a failed attempt.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ATTEMPTS_MAX, decodeResume, encodeResume, nextCandidates, type Resume, tried } from "./resume.ts";

const FRESH: Resume = {
  route: "support",
  routeVersion: 1,
  candidates: [
    { id: "a/1", path: ["start", "x"], tries: 0 },
    { id: "b/2", path: ["start", "y"], tries: 0 },
  ],
};
const ids = (resume: Resume, attempt: number, code: string): string[] =>
  nextCandidates(resume, attempt, code).map(({ id }) => id);

test("a provider's failure moves on to the next model; what no model can help ends it", () => {
  const after = tried(FRESH, "a/1");
  assert.deepEqual(ids(after, 1, "upstream_error"), ["b/2"]);
  assert.deepEqual(ids(after, 1, "context_length_exceeded"), ["b/2"]);
  assert.deepEqual(ids(after, 1, "upstream_rejected"), []);
  assert.deepEqual(ids(after, 1, "no such code"), []);
});

for (const code of ["worker_lost", "not_sent"]) {
  test(`${code} is no fault of the model: it is tried once more, then the next`, () => {
    const once = tried(FRESH, "a/1");
    assert.deepEqual(ids(once, 1, code), ["a/1", "b/2"]);
    assert.deepEqual(ids(tried(once, "a/1"), 2, code), ["b/2"]);
  });
}

test("the model tried last is the one that is tried again", () => {
  const resume = tried(tried(FRESH, "a/1"), "b/2");
  assert.deepEqual(ids(resume, 2, "not_sent"), ["b/2"]);
});

test("attempts end", () => {
  assert.deepEqual(ids(tried(FRESH, "a/1"), ATTEMPTS_MAX, "upstream_error"), []);
  let resume = FRESH;
  let attempt = 0;
  for (;;) {
    const [next] = attempt === 0 ? resume.candidates : nextCandidates(resume, attempt, "worker_lost");
    if (!next) break;
    attempt += 1;
    resume = tried(resume, next.id);
  }
  assert.ok(attempt <= ATTEMPTS_MAX, `${attempt}`);
});

test("a token comes back as it went, and anything else is not one", () => {
  const candidate = fc.record(
    { id: fc.string(), path: fc.array(fc.string(), { maxLength: 5 }), tries: fc.nat(4) },
    { noNullPrototype: true },
  );
  const resume = fc.record(
    {
      route: fc.string(),
      routeVersion: fc.nat(),
      candidates: fc.array(candidate, { maxLength: 16 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(resume, (one) => assert.deepEqual(decodeResume(encodeResume(one)), one)));
  for (const text of ["", "{}", "[2,1]", "null", '[1,"r",1,[["a"]]]', '[1,"r",1,[["a",1,[2]]]]', "x".repeat(20_000)]) {
    assert.equal(decodeResume(text), undefined, text.slice(0, 20));
  }
  fc.assert(fc.property(fc.string(), (text) => void decodeResume(text)));
});
