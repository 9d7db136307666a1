// The voice is proved against Anthropic's own SDKs, so that what is tested with it is not fiction.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import Anthropic0 from "anthropic-sdk-0";
import { type ScriptedProvider, startScriptedProvider } from "../server.ts";

let provider: ScriptedProvider;
before(async () => {
  provider = await startScriptedProvider();
});
after(() => provider.stop());

const asked = { model: "scripted-1", max_tokens: 50, messages: [{ role: "user" as const, content: "hi" }] };
const WRITTEN = { cacheWriteTokens: 2, cacheWrite1hTokens: 1 };
/** What is used of the two is the same in both. */
const SDKS = [
  ["SDK 1.x", Anthropic],
  ["SDK 0.x", Anthropic0 as unknown as typeof Anthropic],
] as const;

for (const [name, Sdk] of SDKS) {
  const client = () => new Sdk({ baseURL: new URL(provider.url).origin, apiKey: "k", maxRetries: 0 });

  test(`${name} reads a plain message`, async () => {
    provider.setDefault({ text: "hello wörld", inputTokens: 9, cachedInputTokens: 4, ...WRITTEN, outputTokens: 3 });
    const message = await client().messages.create(asked);
    assert.deepEqual(message.content[0]?.type === "text" && message.content[0].text, "hello wörld");
    const { input_tokens, cache_read_input_tokens, output_tokens } = message.usage;
    assert.deepEqual(
      [message.stop_reason, input_tokens, cache_read_input_tokens, output_tokens],
      ["end_turn", 2, 4, 3],
    );
    const { cache_creation_input_tokens: written, cache_creation: byLife } = message.usage;
    assert.deepEqual([written, byLife?.ephemeral_5m_input_tokens, byLife?.ephemeral_1h_input_tokens], [3, 2, 1]);
  });

  test(`${name} reads a stream with text and two tools`, async () => {
    const toolCalls = [
      { name: "f", arguments: '{"a":1}' },
      { name: "g", arguments: '{"b":[2]}' },
    ];
    provider.setDefault({ text: "let me see", chunks: 3, toolCalls });
    const message = await client().messages.stream(asked).finalMessage();
    assert.equal(message.stop_reason, "tool_use");
    assert.deepEqual(
      message.content.map((block) => (block.type === "tool_use" ? [block.name, block.input] : block.type)),
      ["text", ["f", { a: 1 }], ["g", { b: [2] }]],
    );
  });

  test(`${name} reads thoughts with their signature, plain and streamed`, async () => {
    const reasoning = { text: "日本? Let me think.", signature: "c2NyaXB0ZWQ+/w==" };
    provider.setDefault({
      text: "so",
      chunks: 2,
      reasoning,
      toolCalls: [{ name: "f", arguments: "{}" }],
      bytesPerWrite: 7,
    });
    for (const { content } of [
      await client().messages.create(asked),
      await client().messages.stream(asked).finalMessage(),
    ]) {
      const [thought, text, call] = content;
      assert.deepEqual(thought?.type === "thinking" && [thought.thinking, thought.signature], [
        reasoning.text,
        reasoning.signature,
      ]);
      assert.deepEqual([text?.type === "text" && text.text, call?.type], ["so", "tool_use"]);
    }
  });

  test(`${name} raises an error of the provider, by status and inside a stream`, async () => {
    provider.setDefault({ fault: { kind: "status", status: 429 } });
    await assert.rejects(client().messages.create(asked), { status: 429 });
    provider.setDefault({ chunks: 4, fault: { kind: "error_event_after", chunk: 2, message: "it broke" } });
    await assert.rejects(client().messages.stream(asked).finalMessage(), /it broke/);
  });
}
