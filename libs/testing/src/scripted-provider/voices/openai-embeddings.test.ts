// OpenAI's own SDK takes these voices for the real thing: embeddings in its own encoding and as floats, legacy completions plain and
// streamed, on OpenAI's paths and on Azure's.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import OpenAI, { AzureOpenAI } from "openai";
import { startScriptedProvider } from "../server.ts";
import { scriptedVector } from "./openai-embeddings.ts";

const provider = await startScriptedProvider();
beforeEach(() => provider.reset());
after(() => provider.stop());

const endpoint = `http://127.0.0.1:${provider.port}`;
const clients = [
  new OpenAI({ baseURL: provider.url, apiKey: "a-key", maxRetries: 0 }),
  new OpenAI({ baseURL: `${endpoint}/openai/v1`, apiKey: "a-key", maxRetries: 0 }),
  new AzureOpenAI({ endpoint, apiKey: "a-key", apiVersion: "2024-10-21", maxRetries: 0 }),
];
const model = "scripted-embeddings";

test("vectors come in the SDK's own encoding and as floats, and are the same for the same input", async () => {
  provider.setForModel(model, { inputTokens: 7 });
  for (const client of clients) {
    const own = await client.embeddings.create({ model, input: ["a", "b"], dimensions: 5 });
    const floats = await client.embeddings.create({
      model,
      input: ["a", "b"],
      dimensions: 5,
      encoding_format: "float",
    });
    for (const { data, usage } of [own, floats]) {
      assert.deepEqual(
        data.map(({ embedding }) => [...embedding]),
        [[...scriptedVector("a", 5)], [...scriptedVector("b", 5)]],
      );
      assert.deepEqual(usage, { prompt_tokens: 7, total_tokens: 7 });
    }
  }
});

test("tokens are one input, lists of tokens several", async () => {
  const [client] = clients;
  assert.equal((await client?.embeddings.create({ model, input: [1, 2, 3] }))?.data.length, 1);
  assert.equal((await client?.embeddings.create({ model, input: [[1], [2, 3]] }))?.data.length, 2);
});

test("a prompt is continued, plain and streamed, for every prompt and choice", async () => {
  provider.setForModel("scripted-c", { text: "in a land", chunks: 3, inputTokens: 3, outputTokens: 4 });
  for (const client of clients) {
    const plain = await client.completions.create({ model: "scripted-c", prompt: ["Once", "Twice"], n: 2 });
    assert.deepEqual(
      plain.choices.map(({ text, index }) => [text, index]),
      [0, 1, 2, 3].map((at) => ["in a land", at]),
    );
    assert.equal(plain.usage?.completion_tokens, 4);
    let [text, usage] = ["", 0];
    const asked = {
      model: "scripted-c",
      prompt: "Once",
      stream: true,
      stream_options: { include_usage: true },
    } as const;
    for await (const chunk of await client.completions.create(asked)) {
      text += chunk.choices[0]?.text ?? "";
      usage += chunk.usage?.total_tokens ?? 0;
    }
    assert.deepEqual([text, usage], ["in a land", 7]);
  }
});

test("a status is refused as OpenAI refuses", async () => {
  provider.setForModel(model, { fault: { kind: "status", status: 429 } });
  await assert.rejects(async () => clients[0]?.embeddings.create({ model, input: "a" }), OpenAI.RateLimitError);
});
