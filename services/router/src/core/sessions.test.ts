// Which model a session is at: remembered for half an hour, within bounds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Sessions } from "./sessions.ts";

const HALF_HOUR_MS = 30 * 60_000;

test("a session is remembered for half an hour after its last decision", () => {
  const sessions = new Sessions();
  sessions.moved("s", "a/m", 0);
  assert.equal(sessions.at("s", HALF_HOUR_MS - 1), "a/m");
  sessions.moved("s", "a/n", 1_000);
  assert.equal(sessions.at("s", HALF_HOUR_MS), "a/n");
  assert.equal(sessions.at("s", HALF_HOUR_MS + 1_000), "");
  assert.equal(sessions.at("other", 0), "");
});

test("a model that failed is left, unless the session has moved on", () => {
  const sessions = new Sessions();
  sessions.moved("s", "a/m", 0);
  sessions.left("s", "a/other");
  assert.equal(sessions.at("s", 1), "a/m");
  sessions.left("s", "a/m");
  assert.equal(sessions.at("s", 1), "");
});

test("of too many sessions the one unused for longest is forgotten", () => {
  const sessions = new Sessions();
  for (let n = 0; n <= 100_000; n += 1) {
    if (n === 50_000) sessions.moved("0", "a/m", n);
    sessions.moved(String(n), "a/m", n);
  }
  assert.equal(sessions.at("0", 100_000), "a/m");
  assert.equal(sessions.at("1", 100_000), "");
  assert.equal(sessions.at("100000", 100_000), "a/m");
});
