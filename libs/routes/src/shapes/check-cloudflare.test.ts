// Saving elements as on Cloudflare's live API: what it refuses, with its words and paths, and what it drops without a word.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCloudflareElements } from "./check-cloudflare.ts";

const to = (elementId: string) => ({ elementId });
const START = { id: "start", type: "start", outputs: { next: to("x") } };
const END = { id: "end", type: "end", outputs: {} };

/** Of one element behind the start, as "path message" with the path behind ["body", "elements", 1]. */
function problemsOf(element: unknown): string[] {
  return checkCloudflareElements([START, element, END]).map(({ code, message, path }) => {
    assert.equal(code, 7001);
    assert.deepEqual(path.slice(0, 3), ["body", "elements", 1]);
    return [...path.slice(3), message].join(" ");
  });
}

const CONDITIONAL = { id: "x", type: "conditional", properties: {}, outputs: { true: to("end"), false: to("end") } };
const RATE = {
  id: "x",
  type: "rate",
  properties: { key: "metadata.user", limit: 5, limitType: "count", window: 60 },
  outputs: { success: to("end"), fallback: to("end") },
};
const MODEL = {
  id: "x",
  type: "model",
  properties: { provider: "openai", model: "gpt-4.1", retries: 0, timeout: 60_000 },
  outputs: { success: to("end"), fallback: to("end") },
};
const percentage = (...names: string[]) => ({
  id: "x",
  type: "percentage",
  outputs: Object.fromEntries(names.map((name) => [name, to("end")])),
});

test("a missing provider is told as the live API tells it", () => {
  const { provider: _, ...properties } = MODEL.properties;
  assert.deepEqual(checkCloudflareElements([START, { ...MODEL, properties }, END]), [
    { code: 7001, message: "Required", path: ["body", "elements", 1, "properties", "provider"] },
  ]);
});

test("what the documentation page says and the live API does not know is refused or dropped as there", () => {
  assert.deepEqual(problemsOf({ ...RATE, type: "rate_limit" }), [
    "type Expected 'start' | 'conditional' | 'percentage' | 'rate' | 'model' | 'end'",
  ]);
  assert.deepEqual(problemsOf(percentage("60%", "else")), ["outputs else Invalid"]);
  assert.deepEqual(problemsOf({ ...RATE, properties: { ...RATE.properties, technique: "sliding" } }), []);
  assert.deepEqual(problemsOf({ ...CONDITIONAL, properties: { condition: { "metadata.a": "x" } } }), []);
  const { window: _, ...properties } = RATE.properties;
  assert.deepEqual(problemsOf({ ...RATE, properties: { ...properties, interval: 60 } }), [
    "properties window Required",
  ]);
  assert.deepEqual(problemsOf({ id: "x", type: "end" }), ["outputs Required"]);
});

test("every output and property is asked for, all at once", () => {
  assert.deepEqual(problemsOf({ type: "model" }), ["id Required", "properties Required", "outputs Required"]);
  assert.deepEqual(problemsOf({ ...MODEL, properties: {}, outputs: {} }), [
    "properties provider Required",
    "properties model Required",
    "properties retries Required",
    "properties timeout Required",
    "outputs success Required",
    "outputs fallback Required",
  ]);
  assert.deepEqual(problemsOf({ ...CONDITIONAL, outputs: { true: {}, false: "end" } }), [
    "outputs true elementId Required",
    "outputs false Expected object, received string",
  ]);
  assert.deepEqual(problemsOf({ ...RATE, properties: { key: 1, limit: "5", limitType: "tokens", window: null } }), [
    "properties key Expected string, received number",
    "properties limit Expected number, received string",
    "properties limitType Expected 'count' | 'cost'",
    "properties window Expected number, received null",
  ]);
  assert.deepEqual(problemsOf("x"), ["Expected object, received string"]);
});

test("percentages are at most five and total 100", () => {
  assert.deepEqual(problemsOf(percentage("10%", "90%")), []);
  assert.deepEqual(problemsOf(percentage("33.33%", "33.3%", "33.37%")), []);
  assert.deepEqual(problemsOf(percentage("10%", "80%")), ["outputs Percentages must total 100%"]);
  assert.deepEqual(problemsOf(percentage("ten", "-5%")), ["outputs ten Invalid", "outputs -5% Invalid"]);
  assert.deepEqual(problemsOf(percentage("10%", "11%", "12%", "13%", "14%", "40%")), [
    "outputs Percentage must have at most 5 outputs",
  ]);
});

test("what is no list of elements is told as well", () => {
  assert.deepEqual(checkCloudflareElements(undefined), [
    { code: 7001, message: "Required", path: ["body", "elements"] },
  ]);
  assert.equal(checkCloudflareElements({})[0]?.message, "Expected array, received object");
  assert.equal(checkCloudflareElements(Array.from({ length: 501 }, () => END)).length, 1);
  const properties = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [index, index]));
  assert.equal(
    checkCloudflareElements(Array.from({ length: 500 }, () => ({ type: "model", properties }))).length,
    1_000,
  );
});
