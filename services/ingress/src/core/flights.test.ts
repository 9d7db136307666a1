import assert from "node:assert/strict";
import { test } from "node:test";
import { Flights } from "./flights.ts";

test("who comes while a call is under way hears how it ends", async () => {
  const flights = new Flights<string>();
  assert.equal(flights.join("a"), undefined);
  const land = flights.begin("a");
  const waiting = [flights.join("a"), flights.join("a")];
  assert.equal(flights.join("b"), undefined);
  land("answer");
  assert.deepEqual(await Promise.all(waiting), ["answer", "answer"]);
  assert.equal(flights.join("a"), undefined);
});

test("a call that brought nothing says so, and is over", async () => {
  const flights = new Flights<string>();
  const land = flights.begin("a");
  const waiting = flights.join("a");
  land(undefined);
  assert.equal(await waiting, undefined);
  assert.equal(flights.join("a"), undefined);
});

test("an answer that is still being kept can be had from the call", async () => {
  const flights = new Flights<string>();
  let kept = (): void => {};
  flights.begin("a")("answer", new Promise((resolve) => (kept = resolve)));
  assert.equal(await flights.join("a"), "answer");
  kept();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(flights.join("a"), undefined);
});

test("the end of an earlier call does not end a later one", () => {
  const flights = new Flights<string>();
  const first = flights.begin("a");
  const second = flights.begin("a");
  first(undefined);
  assert.notEqual(flights.join("a"), undefined);
  second(undefined);
  assert.equal(flights.join("a"), undefined);
});
