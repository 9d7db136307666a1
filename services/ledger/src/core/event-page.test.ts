import assert from "node:assert/strict";
import { test } from "node:test";
import { cutEvents } from "./event-page.ts";
import { positionAt } from "./event-position.ts";
import { booked } from "./usage-event.test.ts";
import { usageEvent } from "./usage-event.ts";

const next = positionAt(1_000);

test("a page that fits is told whole, and goes on where its question stopped looking", () => {
  const entries = [booked({ sequence: 1 }), booked({ sequence: 2, class: "correction", sign: -1 })];
  const page = cutEvents({ entries, next, more: false }, 10);
  assert.deepEqual(page, { events: entries.map(usageEvent), next, more: false });
  assert.deepEqual(cutEvents({ entries: [], next, more: true }, 10), { events: [], next, more: true });
});

test("what does not fit is left to the next page, which goes on behind the last one told", () => {
  const entries = [1, 2, 3].map((sequence) => booked({ sequence, teamName: "ü".repeat(100) }));
  const one = new TextEncoder().encode(usageEvent(entries[0] ?? booked())).length;
  const page = cutEvents({ entries, next, more: false }, 10, 2 * one);
  assert.equal(page.events.length, 2);
  assert.equal(page.next, entries[1]);
  assert.equal(page.more, true);
  assert.equal(cutEvents({ entries, next, more: false }, 10, 1).events.length, 1, "one is told in any case");
  assert.deepEqual(cutEvents({ entries, next, more: false }, 2), page);
});
