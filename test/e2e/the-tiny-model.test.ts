// A real (tiny) transformer behind the whole stack: real tokens, stops and lengths, usage booked as the model reports it,
// and requests that wait for a model which computes one at a time.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseUsd } from "@waybill/domain";
import {
  findTinyModel,
  startTinyModelServer,
  TINY_MODEL_NAME,
  type TinyModelServer,
  tinyModelMissing,
} from "@waybill/testing";
import { ask, readStream, type StreamEnd } from "../stack/ask.ts";
import { type BookedAttempt, booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const model = await findTinyModel();

const tinyYaml = (baseUrl: string): string => `
providers:
  - id: tinyllm
    dialect: openai-compatible
    baseUrl: ${baseUrl}
    allowPrivateAddress: true
    models:
      - {name: stories260k, contextWindowTokens: 512, maxOutputTokens: 400, price: {input: "1", output: "4"}}
aliases: {better: tinyllm/stories260k, cheaper: tinyllm/stories260k}
`;

/** Always the same story. */
const ONCE = { temperature: 0, messages: [{ role: "user", content: "Once upon a time" }] };

interface WholeAnswer {
  choices: { message: { content: string }; finish_reason: string }[];
  usage: { prompt_tokens: number; completion_tokens: number };
}

describe("the tiny model behind the whole stack", { skip: model === undefined ? tinyModelMissing() : false }, () => {
  let server: TinyModelServer;
  let stack: TestStack;
  let attempts = 0;
  before(async () => {
    assert.ok(model);
    server = await startTinyModelServer(model);
    stack = await startStack({ waybillYaml: () => tinyYaml(server.url) });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await server.stop();
  });

  const direct = async (fields: object): Promise<WholeAnswer> => {
    const body = JSON.stringify({ model: TINY_MODEL_NAME, ...ONCE, ...fields });
    return (await (await fetch(`${server.url}/chat/completions`, { method: "POST", body })).json()) as WholeAnswer;
  };
  const booked = async (requestId: string): Promise<BookedAttempt> => {
    const rows = await booksAreRight(stack, { attempts });
    const [row, ...others] = rows.filter(({ attempt_id }) => attempt_id.startsWith(`${requestId}.`));
    assert.ok(row);
    assert.equal(others.length, 0);
    return row;
  };

  it("streams the tokens that the model makes, to the length asked for, and books what the model reports", async () => {
    attempts += 1;
    const expected = await direct({ max_tokens: 30 });
    const fields = { ...ONCE, max_tokens: 30, stream_options: { include_usage: true } };
    const end = await readStream(await ask(stack, { model: TINY_MODEL_NAME, stream: true, fields }));
    assert.equal(end.text, expected.choices[0]?.message.content);
    assert.equal(end.finishReason, "length");
    assert.ok(end.done);
    assert.deepEqual(
      [end.usage?.prompt_tokens, end.usage?.completion_tokens],
      [expected.usage.prompt_tokens, expected.usage.completion_tokens],
    );
    const row = await booked(end.requestId);
    assert.equal(row.outcome, "success");
    assert.equal(row.token_source, "provider");
    assert.equal(row.input_tokens, BigInt(expected.usage.prompt_tokens));
    assert.equal(row.output_tokens, 30n);
    // One and four millionths of a dollar.
    const costPicoUsd = row.input_tokens * 1_000_000n + row.output_tokens * 4_000_000n;
    assert.equal(parseUsd(row.cost_usd ?? ""), costPicoUsd);
    assert.equal(parseUsd(end.waybill?.cost_usd ?? ""), costPicoUsd);
  });

  it("stops where the stop sequence says, and books only what was made", async () => {
    attempts += 1;
    const answer = await ask(stack, {
      model: TINY_MODEL_NAME,
      fields: { ...ONCE, max_tokens: 200, stop: ["loved to"] },
    });
    const { choices, usage } = (await answer.json()) as WholeAnswer;
    assert.equal(choices[0]?.message.content, ", there was a little girl named Lily. She ");
    assert.equal(choices[0]?.finish_reason, "stop");
    const row = await booked(answer.headers.get("x-request-id") ?? "");
    assert.equal(row.output_tokens, BigInt(usage.completion_tokens));
    assert.ok(usage.completion_tokens < 40);
  });

  it("lets many wait for the one model: each gets its whole story, none is refused, all are booked", async () => {
    const streams = 6;
    attempts += streams;
    const expected = await direct({ max_tokens: 150 });
    const fields = { ...ONCE, max_tokens: 150, stream_options: { include_usage: true } };
    const one = async (): Promise<{ end: StreamEnd; beganMs: number; endedMs: number }> => {
      let beganMs = 0;
      const response = await ask(stack, { model: TINY_MODEL_NAME, stream: true, fields });
      const end = await readStream(response, (text) => {
        if (text !== "") beganMs ||= performance.now();
      });
      return { end, beganMs, endedMs: performance.now() };
    };
    const told = await Promise.all(Array.from({ length: streams }, one));
    for (const { end } of told) {
      assert.equal(end.text, expected.choices[0]?.message.content);
      assert.equal(end.finishReason, expected.choices[0]?.finish_reason);
      assert.ok(end.done);
    }
    const lastBegan = Math.max(...told.map(({ beganMs }) => beganMs));
    const firstEnded = Math.min(...told.map(({ endedMs }) => endedMs));
    assert.ok(lastBegan > firstEnded, "the last story began after the first had ended");
    const rows = await booksAreRight(stack, { attempts });
    const ids = told.map(({ end }) => end.requestId);
    for (const row of rows.filter(({ attempt_id }) => ids.some((id) => attempt_id.startsWith(`${id}.`)))) {
      assert.equal(row.output_tokens, BigInt(expected.usage.completion_tokens));
    }
  });
});
