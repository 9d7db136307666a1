// The past stays what was stated: a change begins today, and only what nobody had stated may begin earlier.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DeclaredBaseline, holding, mayDeclare } from "./baseline-rules.ts";

const times = { today: "2026-11-28", closedMonth: "2026-10-01" };
const acme = (changes: Partial<DeclaredBaseline> = {}): DeclaredBaseline => ({
  ...{ organisationId: "acme", route: "", version: 1, fromDay: "2026-11-20" },
  ...changes,
});

describe("when a baseline may begin", () => {
  test("today or later, whatever is there", () => {
    assert.equal(mayDeclare(acme(), "2026-11-28", times, [acme()]), undefined);
    assert.equal(mayDeclare(acme(), "2027-01-01", times, [acme()]), undefined);
  });

  test("earlier where nobody had declared anything for the same requests", () => {
    assert.equal(mayDeclare(acme(), "2026-11-01", times, []), undefined);
    assert.equal(mayDeclare(acme(), "2026-11-01", times, [acme({ organisationId: "globex" })]), undefined);
    const support = acme({ route: "support" });
    assert.equal(mayDeclare(support, "2026-11-01", times, [acme({ route: "batch" })]), undefined);
    // What begins today or later has stated nothing for past days.
    assert.equal(mayDeclare(acme(), "2026-11-01", times, [acme({ fromDay: "2026-11-28" })]), undefined);
  });

  const others = [acme(), acme({ route: "support" }), acme({ organisationId: "" })];
  for (const other of others) {
    test(`not earlier where ${JSON.stringify(other)} has begun`, () => {
      const refusal = mayDeclare(acme({ route: other.route === "" ? "support" : "" }), "2026-11-01", times, [other]);
      assert.match(refusal ?? "", /since 2026-11-20 .* begins today \(2026-11-28, UTC\)/);
    });
  }

  test("never in a closed month", () => {
    assert.match(mayDeclare(acme(), "2026-10-31", times, []) ?? "", /2026-10 is closed/);
    assert.match(mayDeclare(acme(), "2026-09-01", times, []) ?? "", /2026-10 is closed/);
    assert.equal(mayDeclare(acme(), "2026-10-31", { ...times, closedMonth: undefined }, []), undefined);
  });
});

test("of a scope the latest that has begun holds, and of the same day the later version", () => {
  const all = [
    acme(),
    acme({ version: 2, fromDay: "2026-12-01" }),
    acme({ version: 3, fromDay: "2026-11-25" }),
    acme({ version: 4, fromDay: "2026-11-25" }),
    acme({ route: "support" }),
  ];
  const versions = (day: string) => [...holding(all, day)].map(({ route, version }) => [route, version]);
  assert.deepEqual(versions("2026-11-19"), []);
  assert.deepEqual(versions("2026-11-24"), [
    ["", 1],
    ["support", 1],
  ]);
  assert.deepEqual(versions("2026-11-30"), [
    ["", 4],
    ["support", 1],
  ]);
  assert.deepEqual(versions("2026-12-01"), [
    ["", 2],
    ["support", 1],
  ]);
});
