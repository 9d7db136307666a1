import assert from "node:assert/strict";
import { test } from "node:test";
import { AuditEntry } from "@waybill/wire";
import { type AuditPlace, cursorOf, mergeAudit, placeOf } from "./merge-audit.ts";

/** Ids and times fall together. */
const log = (...atMs: number[]): AuditEntry[] =>
  atMs.map((at) => AuditEntry.create({ id: String(at), atMs: BigInt(at) }));

/** What an owner answers: at most `size` entries before a place. */
const page = (entries: readonly AuditEntry[], before: string, size: number): AuditEntry[] =>
  entries.filter(({ id }) => before === "" || Number(id) < Number(before)).slice(0, size);

function readAll(routing: AuditEntry[], accounts: AuditEntry[], limit: number, size = limit): number[] {
  const seen: number[] = [];
  let place: AuditPlace | undefined = placeOf("");
  for (let rounds = 0; place; rounds += 1) {
    assert.ok(rounds < 100, "it comes to an end");
    const pages = { routing: page(routing, place.routing, size), accounts: page(accounts, place.accounts, size) };
    const merged = mergeAudit(pages, place, limit);
    assert.ok(merged.entries.length <= limit);
    seen.push(...merged.entries.map(({ entry }) => Number(entry.atMs)));
    place = merged.next && placeOf(cursorOf(merged.next));
  }
  return seen;
}

test("every entry of both logs is shown once, newest first, whatever the size of a page", () => {
  const [routing, accounts] = [log(9, 8, 7, 3, 1), log(10, 6, 5, 4, 2)];
  for (const limit of [1, 2, 3, 7, 100]) {
    assert.deepEqual(readAll(routing, accounts, limit), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], String(limit));
  }
});

test("a log whose pages are short because its entries are large does not come too late", () => {
  const [routing, accounts] = [log(9, 8, 7, 3, 1), log(10, 6, 5, 4, 2)];
  assert.deepEqual(readAll(routing, accounts, 10, 1), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
});

test("an empty log hides nothing of the other", () => {
  assert.deepEqual(readAll(log(3, 2), [], 1), [3, 2]);
  assert.deepEqual(readAll([], log(3, 2), 5), [3, 2]);
  assert.deepEqual(readAll([], [], 5), []);
});
