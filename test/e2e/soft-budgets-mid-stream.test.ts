// Streams that get longer than what their soft budget holds for them: more is held while there is something left, and where nothing is
// left the stream ends as an answer at its limit ends, in the client's dialect.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";
import { eventually } from "@waybill/testing";
import { anthropicClient } from "../stack/anthropic.ts";
import { ask, openaiClient, readStream } from "../stack/ask.ts";
import { bookedAttempts } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;

const MODEL = "scripted/scripted-1";
/** What 99 of 100 answers stay within, as routers learn it here: 20 tokens, at the end of their step of the scale. */
const USUAL_ANSWERS = 220;
const SHORT = { inputTokens: 10, outputTokens: 20, text: "word ".repeat(20) };
/** Three hundred tokens within three seconds. */
const LONG = { inputTokens: 10, outputTokens: 300, text: "word ".repeat(300), chunks: 60, gapMs: 50 };

before(async () => {
  stack = await startStack();
  await stack.sql(
    `INSERT INTO budget.budget (id, name, organisation_id, end_user_id, limit_pico_usd, enforcement, window_kind)
     SELECT id, id, 'acme', id, amount, 'soft', 'day' FROM (VALUES ('wide', 1000000000000), ('narrow-chat', 1),
       ('narrow-messages', 1), ('narrow-responses', 1), ('learning', 1000000000000)) AS b (id, amount)`,
  );
  await eventually(async () => (await heldFor("learning")) > 0n, {
    reason: "the router knows the budgets",
    timeoutMs: 10_000,
  });
  for (let batch = 0; batch < USUAL_ANSWERS / 20; batch += 1) {
    await Promise.all(Array.from({ length: 20 }, () => short("learning")));
  }
  await eventually(async () => (await heldFor("learning")) < 600_000_000n, {
    reason: "the router has learnt how long answers are",
    timeoutMs: 10_000,
  });
  // Of surfaces that are translated, no script comes through.
  stack.provider.setForModel("scripted-1", LONG);
});
after(() => stack[Symbol.asyncDispose]());

/** Its worst case: about 440 tokens of input and 2 000 of output, which is 8.4 milli-dollars. */
async function short(user: string): Promise<void> {
  const headers = { "x-user-id": user };
  const response = await ask(stack, { model: MODEL, script: SHORT, headers, fields: { max_tokens: 2_000 } });
  assert.equal(response.status, 200, await response.text());
}

/** What one call holds of this user's budget; 0: nothing. */
async function heldFor(user: string): Promise<bigint> {
  await short(user);
  const lines = await stack.sql<{ amount: string }>(
    `SELECT line ->> 'amount' AS amount FROM budget.hold, jsonb_array_elements(lines) AS line
     WHERE line ->> 'budget' = $1 ORDER BY placed_at DESC LIMIT 1`,
    [user],
  );
  return BigInt(lines[0]?.amount ?? 0);
}

async function nothingIsHeld(budget: string): Promise<void> {
  await eventually(
    async () => {
      const [row] = await stack.sql<{ held: string }>(
        "SELECT sum(held_pico_usd)::text AS held FROM budget.budget_window WHERE budget_id = $1",
        [budget],
      );
      return row?.held === "0";
    },
    { reason: `nothing is held on ${budget}`, timeoutMs: 10_000 },
  );
}

test("while there is something left, a stream that gets long has more held for it, and comes whole", async () => {
  const response = await ask(stack, {
    ...{ model: MODEL, script: LONG, stream: true, headers: { "x-user-id": "wide" } },
    fields: { max_tokens: 2_000 },
  });
  const end = await readStream(response);
  assert.equal(end.text, LONG.text);
  assert.ok(end.done);
  assert.equal(end.finishReason, "stop");
  const holders = await stack.sql<{ holder: string }>(
    "SELECT holder FROM budget.hold WHERE attempt_id = $1 ORDER BY holder",
    [`${end.requestId}.1`],
  );
  // 20, 40, 80, 160, 320: it doubles.
  const extensions = holders.filter(({ holder }) => holder.includes("+"));
  assert.ok(extensions.length >= 3, JSON.stringify(holders));
  await nothingIsHeld("wide");
});

test("where nothing is left, a chat stream stops: a finish reason, a comment, a trailer, and the provider is called no longer", async () => {
  const call = httpRequest(`${stack.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      ...{ authorization: `Bearer ${stack.keys.support_1}`, "content-type": "application/json" },
      "x-user-id": "narrow-chat",
    },
  });
  const body = { model: MODEL, stream: true, max_tokens: 2_000, x_script: LONG };
  call.end(JSON.stringify({ ...body, messages: [{ role: "user", content: "hello" }] }));
  const [response] = await once(call, "response");
  assert.equal(response.headers.trailer, "x-waybill-stopped");
  let text = "";
  for await (const piece of response) text += piece;
  assert.deepEqual(response.trailers, { "x-waybill-stopped": "budget_exceeded" });
  assert.match(text, /\n: stopped by Waybill: the budget narrow-chat has nothing left\n\n/);
  assert.match(text, /"finish_reason":"length"\}\]\}\n\ndata: \[DONE\]\n\n$/);
  const requestId = response.headers["x-request-id"];
  await eventually(
    async () => {
      const booked = (await bookedAttempts(stack)).filter((attempt) => attempt.attempt_id === `${requestId}.1`);
      return booked.length === 1 && booked[0]?.error_code === "budget_exceeded";
    },
    { reason: "the attempt is booked as far as it came", timeoutMs: 10_000 },
  );
  await nothingIsHeld("narrow-chat");
});

test("Messages stop for max_tokens, and Anthropic's client holds a whole message", async () => {
  const asked = { model: MODEL, max_tokens: 2_000, messages: [{ role: "user" as const, content: "hello" }] };
  const message = await anthropicClient(stack)
    .messages.stream(asked, { headers: { "x-user-id": "narrow-messages" } })
    .finalMessage();
  assert.equal(message.stop_reason, "max_tokens");
  const [block] = message.content;
  assert.ok(
    block?.type === "text" && block.text !== "" && LONG.text.startsWith(block.text) && block.text !== LONG.text,
  );
  await nothingIsHeld("narrow-messages");
});

test("Responses end incomplete for max_output_tokens, and OpenAI's client holds what was said", async () => {
  const asked = { model: MODEL, input: "hello", max_output_tokens: 2_000, stream: true as const };
  const stream = await openaiClient(stack).responses.create(asked, { headers: { "x-user-id": "narrow-responses" } });
  let said = "";
  let last: { type: string } | undefined;
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") said += event.delta;
    last = event;
  }
  assert.ok(last?.type === "response.incomplete");
  const { response } = last as unknown as { response: { incomplete_details: object; output: unknown } };
  assert.deepEqual(response.incomplete_details, { reason: "max_output_tokens" });
  assert.ok(said !== "" && said !== LONG.text && LONG.text.startsWith(said));
  assert.ok(JSON.stringify(response.output).includes(JSON.stringify(said)));
  await nothingIsHeld("narrow-responses");
});
