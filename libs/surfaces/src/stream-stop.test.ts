// Streams that are ended early: whatever was shown before, what the client holds then is an answer at its limit.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamEvent } from "./answer-texts.ts";
import { readFinishWord } from "./conversation/finish-words.ts";
import type { Surface } from "./surface.ts";
import { SURFACES } from "./surfaces.ts";

const FACTS = { attemptId: "0198b3e0-0000-7000-8000-000000000001.1", model: "m", createdUnixSeconds: 1 };

/** The events of a stream of this surface: thoughts, text, and a tool's input, as far as it has them. */
function events(surface: Surface): string[] {
  const writer = surface.translation?.writeStream(FACTS);
  assert.ok(writer);
  const written = [
    writer.write({ kind: "begin", id: "a1", model: "m" }),
    writer.write({ kind: "reasoning", choice: 0, text: "thinking " }),
    writer.write({ kind: "text", choice: 0, text: "Hello" }),
    writer.write({ kind: "text", choice: 0, text: " world" }),
    writer.write({ kind: "tool_call", choice: 0, call: 0, id: "c1", name: "f" }),
    writer.write({ kind: "tool_arguments", choice: 0, call: 0, json: '{"a":' }),
  ].join("");
  return written.split("\n\n").filter((event) => event !== "");
}

function dataOf(event: string): StreamEvent[] {
  const line = event.split("\n").find((each) => each.startsWith("data: "));
  if (line === undefined || line === "data: [DONE]") return [];
  return [JSON.parse(line.slice("data: ".length)) as StreamEvent];
}

/** Ends the stream behind each of its events, and gives the parsed events of each end. */
function endings(surface: Surface): { seen: StreamEvent[]; end: StreamEvent[]; text: string }[] {
  const all = events(surface);
  return all.map((_, index) => {
    const stop = surface.stopStream?.();
    assert.ok(stop);
    const seen = all.slice(0, index + 1).flatMap(dataOf);
    for (const event of seen) stop.saw(structuredClone(event));
    const text = stop.end(12n);
    const end = text.split("\n\n").flatMap(dataOf);
    return { seen, end, text };
  });
}

const [chat, completions, messages, responses] = [
  "openai-chat",
  "openai-completions",
  "anthropic-messages",
  "openai-responses",
].map((name) => {
  const surface = SURFACES.find((each) => each.name === name);
  assert.ok(surface, name);
  return surface;
}) as [Surface, Surface, Surface, Surface];

for (const surface of [chat, completions]) {
  test(`${surface.name}: every open choice ends with length, and the stream with [DONE]`, () => {
    for (const { seen, end, text } of endings(surface)) {
      assert.ok(text.endsWith("data: [DONE]\n\n"));
      assert.equal(end.length, 1);
      const [last] = end;
      assert.equal(last?.id, seen[0]?.id);
      assert.equal(last?.object, seen[0]?.object);
      assert.ok(last);
      const [choice] = last.choices as { index: number; finish_reason: string }[];
      assert.equal(choice?.index, 0);
      assert.equal(readFinishWord(choice?.finish_reason), "length");
    }
  });
}

test("a choice that is over is not ended again", () => {
  const stop = chat.stopStream?.();
  assert.ok(stop);
  stop.saw({ id: "x", choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }] });
  stop.saw({ id: "x", choices: [{ index: 1, delta: { content: "b" }, finish_reason: null }] });
  stop.saw({ id: "x", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  const ends = stop.end(5n).split("\n\n").flatMap(dataOf);
  assert.deepEqual(
    ends.map(({ choices }) => (choices as { index: number }[]).map(({ index }) => index)),
    [[1]],
  );
});

test("messages: blocks that are open are closed, and the message stops for max_tokens", () => {
  for (const { seen, end } of endings(messages)) {
    const whole = [...seen, ...end];
    const begun = whole.filter(({ type }) => type === "content_block_start").map(({ index }) => index);
    const stopped = whole.filter(({ type }) => type === "content_block_stop").map(({ index }) => index);
    assert.deepEqual(stopped, begun);
    const [delta, last] = end.slice(-2);
    assert.deepEqual(delta?.delta, { stop_reason: "max_tokens", stop_sequence: null });
    assert.deepEqual(delta?.usage, { output_tokens: 12 });
    assert.equal(last?.type, "message_stop");
  }
});

test("responses: the last event says all that was shown, incomplete", () => {
  for (const { seen, end } of endings(responses)) {
    const last = end.at(-1);
    assert.equal(last?.type, "response.incomplete");
    const numbers = [...seen, ...end].map(({ sequence_number: number }) => number);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
    const { status, incomplete_details: details, output, id } = (last ?? assert.fail()).response as StreamEvent;
    assert.deepEqual({ status, details }, { status: "incomplete", details: { reason: "max_output_tokens" } });
    assert.equal(id, ((seen[0] ?? assert.fail()).response as StreamEvent).id);
    const shown = (type: string): string =>
      seen
        .filter((event) => event.type === type)
        .map(({ delta }) => delta)
        .join("");
    const said = JSON.stringify(output);
    for (const type of ["response.output_text.delta", "response.reasoning_summary_text.delta"]) {
      assert.ok(shown(type) === "" || said.includes(JSON.stringify(shown(type))), said);
    }
    assert.ok(said.includes(JSON.stringify(shown("response.function_call_arguments.delta")).slice(1, -1)));
    const items = output as { status?: string }[];
    const added = seen.filter(({ type }) => type === "response.output_item.added").length;
    assert.equal(items.length, added);
    const done = [...seen, ...end].filter(({ type }) => type === "response.output_item.done").length;
    assert.equal(done, added);
  }
});

test("embeddings have no streams", () => {
  assert.equal(SURFACES.find(({ name }) => name === "openai-embeddings")?.stopStream, undefined);
});
