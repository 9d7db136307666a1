// What conditions see of a request.
import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "./facts.ts";
import { SampleWorld, sampleQuestion } from "./sample-question.ts";

const READS = { readsBody: true, readsModels: true, readsBudget: true };
const NOTHING = { readsBody: false, readsModels: false, readsBudget: false };
const { features, attribution } = sampleQuestion({
  bodyJson: '{"temperature":1,"metadata":{"a":"b"}}',
  maxOutputTokens: 24n,
});

test("sizes, the hour and the day are those of the request", () => {
  const { request } = factsOf(features, attribution, NOTHING, new SampleWorld());
  assert.deepEqual(
    [request.estimated_input_tokens, request.max_output_tokens, request.context_tokens],
    [1_000, 24, 1_024],
  );
  // 26 November 2026 is a Thursday.
  assert.deepEqual([request.hour, request.weekday], [12, 4]);
});

test("a Sunday is the seventh day, and a Monday the first", () => {
  const at = (atMs: number) =>
    factsOf(features, attribution, NOTHING, Object.assign(new SampleWorld(), { atMs })).request;
  const dayMs = 86_400_000;
  const thursdayMs = new SampleWorld().atMs;
  assert.equal(at(thursdayMs + 3 * dayMs).weekday, 7);
  assert.equal(at(thursdayMs + 4 * dayMs).weekday, 1);
});

test("the body is only read for a route that looks at it, and a broken one is missing", () => {
  assert.deepEqual(factsOf(features, attribution, READS, new SampleWorld()).body, {
    temperature: 1,
    metadata: { a: "b" },
  });
  assert.deepEqual(factsOf(features, attribution, NOTHING, new SampleWorld()).body, {});
  const broken = { ...features, bodyJson: "{" };
  assert.deepEqual(factsOf(broken, attribution, READS, new SampleWorld()).body, {});
});
