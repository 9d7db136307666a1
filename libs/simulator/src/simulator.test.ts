// The simulator behaves like a provider: its dialect, its limits, its timing, its prompt cache.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startSimulator } from "./server.ts";

const simulator = await startSimulator({ port: 0, speedPercent: 10_000 });
after(() => simulator.stop());

async function post(fields: Record<string, unknown>, url = simulator.url): Promise<Response> {
  const messages = [{ role: "user", content: "Where is my parcel?" }];
  const body = JSON.stringify({ model: "economy", messages, ...fields });
  return await fetch(`${url}/chat/completions`, { method: "POST", body });
}

async function complete(fields: Record<string, unknown>, url?: string) {
  const response = await post(fields, url);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function stream(fields: Record<string, unknown>) {
  const text = await (await post({ stream: true, ...fields })).text();
  const events = text.split("\n\n").filter((event) => event !== "");
  assert.equal(events.at(-1), "data: [DONE]");
  return events.slice(0, -1).map((event) => JSON.parse(event.replace(/^data: /, "")));
}

test("streamed and whole are the same answer, with the same usage", async () => {
  for (const model of ["economy", "premium"]) {
    const whole = (await complete({ model })).body;
    const chunks = await stream({ model, stream_options: { include_usage: true } });
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    assert.equal(text, whole.choices[0].message.content);
    assert.match(text, new RegExp(`^\\[simulated answer from sim/${model}\\]`));
    assert.deepEqual(chunks.at(-1).usage, whole.usage);
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks[0].usage, null);
  }
  assert.ok(
    (await stream({})).every((chunk) => !("usage" in chunk)),
    "no usage unless asked",
  );
});

test("max_tokens, stop and n are honoured, and usage counts what was sent", async () => {
  const short = (await complete({ max_tokens: 7, n: 3 })).body;
  assert.equal(short.choices.length, 3);
  assert.ok(short.choices.every((choice: { finish_reason: string }) => choice.finish_reason === "length"));
  assert.equal(short.usage.completion_tokens, 21);
  const stopped = (await complete({ stop: "You wrote" })).body.choices[0];
  assert.equal(stopped.finish_reason, "stop");
  assert.doesNotMatch(stopped.message.content, /You wrote/);
  const chunks = await stream({ max_completion_tokens: 5, n: 2 });
  assert.equal(chunks.filter((chunk) => chunk.choices[0]?.finish_reason === "length").length, 2);
});

test("a long prompt sent again is cached", async () => {
  const messages = [
    { role: "system", content: "You know everything about parcels. ".repeat(200) },
    { role: "user", content: "Where is it?" },
  ];
  const first = (await complete({ messages })).body.usage;
  assert.equal(first.prompt_tokens_details.cached_tokens, 0);
  assert.ok(Math.abs(first.prompt_tokens - 1_770) < 60, `${first.prompt_tokens}`);
  const again = (await complete({ messages })).body.usage;
  assert.ok(again.prompt_tokens_details.cached_tokens >= 1_024);
  assert.ok(again.prompt_tokens_details.cached_tokens <= again.prompt_tokens);
});

test("what is wrong is refused in OpenAI's shape, with the field named", async () => {
  const table: [Record<string, unknown>, number, string | null][] = [
    [{ model: "gpt-4.1" }, 404, "model"],
    [{ model: 4 }, 400, "model"],
    [{ messages: [] }, 400, "messages"],
    [{ messages: [{ content: "x" }] }, 400, "messages[0]"],
    [{ n: 0 }, 400, "n"],
    [{ max_tokens: -1 }, 400, "max_tokens"],
    [{ stop: [1] }, 400, "stop"],
  ];
  for (const [fields, status, param] of table) {
    const refused = await complete(fields);
    assert.equal(refused.status, status);
    assert.equal(refused.body.error.param, param);
    assert.equal(typeof refused.body.error.message, "string");
  }
  assert.equal((await fetch(`${simulator.url}/embeddings`)).status, 404);
});

test("beyond its limit of running calls it says 429 and when to come back", async () => {
  await using busy = await startSimulator({ port: 0, concurrencyMax: 1 });
  const running = complete({ max_tokens: 1 }, busy.url);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const refused = await post({}, busy.url);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal(JSON.parse(await refused.text()).error.code, "rate_limit_exceeded");
  assert.equal((await running).status, 200);
  assert.equal((await complete({ max_tokens: 1 }, busy.url)).status, 200, "room again");
});

test("a client that leaves frees its place", async () => {
  await using small = await startSimulator({ port: 0, concurrencyMax: 1, speedPercent: 1 });
  const leaving = new AbortController();
  const body = JSON.stringify({ model: "premium", messages: [{ role: "user", content: "x" }] });
  const call = fetch(`${small.url}/chat/completions`, { method: "POST", body, signal: leaving.signal });
  await new Promise((resolve) => setTimeout(resolve, 50));
  leaving.abort();
  await assert.rejects(call);
  const gone = new AbortController();
  const startedAtMs = performance.now();
  let status = 429;
  while (status === 429 && performance.now() - startedAtMs < 3_000) {
    const next = fetch(`${small.url}/chat/completions`, { method: "POST", body, signal: gone.signal });
    const answer = await Promise.race([
      next,
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100)),
    ]);
    status = answer?.status ?? 0;
    if (status === 0) next.catch(() => undefined);
  }
  gone.abort();
  assert.equal(status, 0, "the next call is running, not refused");
});

test("at its own pace the first token takes 150 to 400 ms", async () => {
  await using real = await startSimulator({ port: 0 });
  const startedAtMs = performance.now();
  const response = await fetch(`${real.url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "economy", stream: true, max_tokens: 3, messages: [{ role: "user", content: "x" }] }),
  });
  await response.body?.getReader().read();
  const firstMs = performance.now() - startedAtMs;
  assert.ok(firstMs >= 150 && firstMs < 600, `${firstMs}`);
});

test("as a process it listens where it is told and ends on SIGTERM", async () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const env = { PATH: process.env.PATH ?? "", WAYBILL_SIMULATOR_PORT: "0", WAYBILL_SIMULATOR_SPEED_PERCENT: "10000" };
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", main], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  const { status } = await complete({}, JSON.parse(line).url);
  assert.equal(status, 200);
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
});
