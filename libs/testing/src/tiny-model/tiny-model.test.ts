// The tiny model is served as a provider serves: whole and streamed, with real usage, stops and queueing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findTinyModel, tinyModelMissing } from "./find-tiny-model.ts";
import { startTinyModelServer, TINY_MODEL_NAME } from "./server.ts";

const found = await findTinyModel();
const skip = found === undefined ? tinyModelMissing() : false;

function model() {
  assert.ok(found);
  return found;
}

async function complete(url: string, fields: Record<string, unknown>) {
  const body = { model: TINY_MODEL_NAME, messages: [{ role: "user", content: "Once upon a time" }], temperature: 0 };
  return await fetch(`${url}/chat/completions`, { method: "POST", body: JSON.stringify({ ...body, ...fields }) });
}

test("served whole and streamed it is the same text with the same real usage", { skip }, async () => {
  await using server = await startTinyModelServer(model());
  const whole = JSON.parse(await (await complete(server.url, { max_tokens: 30 })).text());
  assert.equal(whole.choices[0].finish_reason, "length");
  assert.deepEqual(whole.usage, { prompt_tokens: 5, completion_tokens: 30, total_tokens: 35 });
  const streamed = await complete(server.url, {
    max_tokens: 30,
    stream: true,
    stream_options: { include_usage: true },
  });
  const events = (await streamed.text()).split("\n\n").filter((event) => event !== "");
  assert.equal(events.pop(), "data: [DONE]");
  const chunks = events.map((event) => JSON.parse(event.slice("data: ".length)));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), whole.choices[0].message.content);
  assert.deepEqual(chunks.at(-1).usage, whole.usage);
});

test("it stops at stop sequences, at the end of its story, and at its context", { skip }, async () => {
  await using server = await startTinyModelServer(model());
  const stopped = JSON.parse(await (await complete(server.url, { stop: ["loved to"] })).text()).choices[0];
  assert.equal(stopped.message.content, ", there was a little girl named Lily. She ");
  assert.equal(stopped.finish_reason, "stop");
  const whole = JSON.parse(await (await complete(server.url, {})).text());
  assert.ok(whole.usage.total_tokens <= 512);
  assert.equal(whole.choices[0].finish_reason, whole.usage.total_tokens === 512 ? "length" : "stop");
  const tooLong = await complete(server.url, { messages: [{ role: "user", content: "story ".repeat(600) }] });
  assert.equal(tooLong.status, 400);
  assert.equal(JSON.parse(await tooLong.text()).error.code, "context_length_exceeded");
});

test("a seed repeats what chance wrote", { skip }, async () => {
  await using server = await startTinyModelServer(model());
  const write = async (seed: number) => {
    const answer = await complete(server.url, { temperature: 0.9, top_p: 0.9, seed, max_tokens: 25 });
    return JSON.parse(await answer.text()).choices[0].message.content;
  };
  assert.equal(await write(7), await write(7));
  assert.notEqual(await write(7), await write(8));
});

test("requests are computed one after the other, and one that leaves makes room", { skip }, async () => {
  await using server = await startTinyModelServer(model());
  const order: string[] = [];
  const leaving = new AbortController();
  const body = JSON.stringify({ model: TINY_MODEL_NAME, messages: [], temperature: 0.8 });
  const left = fetch(`${server.url}/chat/completions`, { method: "POST", body, signal: leaving.signal });
  const one = complete(server.url, { max_tokens: 60 }).then(() => order.push("first, long"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const other = complete(server.url, { max_tokens: 1 }).then(() => order.push("second, short"));
  leaving.abort();
  await assert.rejects(left);
  await Promise.all([one, other]);
  assert.deepEqual(order, ["first, long", "second, short"]);
});
