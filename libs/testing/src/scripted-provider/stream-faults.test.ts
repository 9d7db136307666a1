// Faults of streams and connections that leave an answer odd, unmarked, late or unasked for.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import type { Script } from "./script.ts";
import { startScriptedProvider } from "./server.ts";

const provider = await startScriptedProvider();
beforeEach(() => provider.reset());
after(() => provider.stop());

const streamed = { stream: true, stream_options: { include_usage: true } };

/** Throws where the connection breaks. */
async function call(script: Script, fields: object = {}): Promise<{ body: Buffer }> {
  const body = JSON.stringify({ model: "scripted-1", messages: [], ...fields, x_script: script });
  const response = await fetch(`${provider.url}/chat/completions`, { method: "POST", body });
  return { body: Buffer.from(await response.arrayBuffer()) };
}

function events(body: Buffer): string[] {
  const all = body.toString("utf8").split("\n\n");
  return all.filter((event) => event !== "").map((event) => event.replace(/^data: /, ""));
}

test("a stream can lack its end mark, go on behind it, or pause and be whole", async () => {
  const unmarked = await call({ chunks: 2, fault: { kind: "no_end_mark" } }, streamed);
  assert.equal(JSON.parse(events(unmarked.body).at(-1) ?? "").choices.length, 0, "the usage is the last event");
  const more = await call({ chunks: 2, fault: { kind: "more_after_end" } }, streamed);
  assert.equal(events(more.body).at(-2), "[DONE]");
  const paused = await call({ chunks: 2, stamp: true, fault: { kind: "pause_after", chunk: 1, ms: 20 } }, streamed);
  const [before, after] = events(paused.body)
    .slice(1, 3)
    .map((data) => BigInt(JSON.parse(data).x_sent_ns));
  assert.ok((after ?? 0n) - (before ?? 0n) >= 19_000_000n);
  assert.deepEqual(
    provider.log.entries().map(({ end }) => end),
    ["faulted", "completed", "completed"],
  );
});

test("an error inside a stream has the type that the script says", async () => {
  for (const kind of ["first_frame_error", "error_event_after"] as const) {
    const received = await call({ fault: { kind, errorType: "rate_limit_error" } }, streamed);
    assert.equal(JSON.parse(events(received.body).at(-1) ?? "").error.type, "rate_limit_error");
  }
});

test("a connection can end before any answer, and an answer can be compressed without being asked", async () => {
  for (const by of ["rst", "fin"] as const) await assert.rejects(call({ fault: { kind: "cut_before_headers", by } }));
  const bomb = await call({ fault: { kind: "gzip_bomb", bytes: 100_000 } });
  assert.equal(bomb.body.length, 100_000, "fetch unpacks it");
  assert.ok((provider.log.entries().at(-1)?.sentBytes ?? 0) < 1_000);
});
