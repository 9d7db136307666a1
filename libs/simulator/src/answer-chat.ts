// One simulated completion, from the parsed request to the last byte: compose, count, then send at a model's pace.

import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ChatRequest } from "./chat-request.ts";
import { type ComposedAnswer, composeAnswer } from "./core/compose-answer.ts";
import type { PromptCache } from "./core/prompt-cache.ts";
import { hashText } from "./core/seeded-random.ts";
import { tokenWaitsMs } from "./core/timing.ts";
import { tokensOfBytes } from "./core/tokens.ts";
import { waitOrGone, writeOrGone } from "./pacing.ts";

export interface AnswerSettings {
  /** 100 is the models' own pace, 200 twice as fast. */
  readonly speedPercent: number;
  readonly cache: PromptCache;
}

/** What a chat format adds to each message, and to the whole. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_REQUEST = 3;
const TOKENS_PER_IMAGE = 85;

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: 0 };
}

/** Resolves when the answer is out or the client is gone. */
export async function answerChat(
  response: ServerResponse,
  request: ChatRequest,
  { speedPercent, cache }: AnswerSettings,
): Promise<void> {
  const inputTokens = countInput(request);
  const cachedTokens = Math.min(cache.lookUp(request.model.id, request.prompt, Date.now()), inputTokens);
  const answers = Array.from({ length: request.choices }, (_, choice) =>
    composeAnswer({
      ...request,
      modelName: request.model.gatewayName,
      sentences: request.model.sentences,
      choice,
      inputTokens,
    }),
  );
  const usage = usageOf(inputTokens, cachedTokens, answers);
  const longest = Math.max(...answers.map(({ tokens }) => tokens.length));
  const seed = hashText(`${request.model.id} ${request.lastUserText.slice(0, 1_000)}`);
  const waitsMs = tokenWaitsMs(request.model.pace, longest, seed).map((ms) => (ms * 100) / speedPercent);
  const envelope = {
    id: `chatcmpl-simulated-${randomUUID()}`,
    created: Math.floor(Date.now() / 1_000),
    model: request.model.id,
    system_fingerprint: "simulated",
  };
  if (request.stream) await sendStream(response, request, envelope, answers, waitsMs, usage);
  else await sendWhole(response, envelope, answers, waitsMs, usage);
}

function countInput(request: ChatRequest): number {
  const fixed = TOKENS_PER_REQUEST + TOKENS_PER_MESSAGE * request.messages + TOKENS_PER_IMAGE * request.images;
  return fixed + tokensOfBytes(Buffer.byteLength(request.prompt));
}

function usageOf(inputTokens: number, cachedTokens: number, answers: readonly ComposedAnswer[]): Usage {
  const outputTokens = answers.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}

async function sendWhole(
  response: ServerResponse,
  envelope: object,
  answers: readonly ComposedAnswer[],
  waitsMs: readonly number[],
  usage: Usage,
): Promise<void> {
  const waitMs = waitsMs.reduce((sum, ms) => sum + ms, 0);
  if (!(await waitOrGone(response, waitMs))) return;
  const choices = answers.map(({ tokens, finishReason }, index) => ({
    index,
    message: { role: "assistant", content: tokens.join(""), refusal: null },
    logprobs: null,
    finish_reason: finishReason,
  }));
  const body = JSON.stringify({ ...envelope, object: "chat.completion", choices, usage });
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

async function sendStream(
  response: ServerResponse,
  request: ChatRequest,
  envelope: object,
  answers: readonly ComposedAnswer[],
  waitsMs: readonly number[],
  usage: Usage,
): Promise<void> {
  const head = { ...envelope, object: "chat.completion.chunk" };
  const tail = request.includeUsage ? { usage: null } : {};
  const chunk = (index: number, delta: object, finishReason: string | null) => {
    const choices = [{ index, delta, logprobs: null, finish_reason: finishReason }];
    return `data: ${JSON.stringify({ ...head, choices, ...tail })}\n\n`;
  };
  // The status of a simulated call is known at once, but a real provider's headers come with its first token.
  const firstMs = waitsMs[0] ?? 0;
  if (!(await waitOrGone(response, firstMs))) return;
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  let text = answers.map((_, index) => chunk(index, { role: "assistant", content: "", refusal: null }, null)).join("");
  for (const [at, waitMs] of waitsMs.entries()) {
    if (at > 0 && !(await waitOrGone(response, waitMs))) return;
    for (const [index, { tokens }] of answers.entries()) {
      const token = tokens[at];
      if (token !== undefined) text += chunk(index, { content: token }, null);
    }
    if (!(await writeOrGone(response, text))) return;
    text = "";
  }
  text += answers.map(({ finishReason }, index) => chunk(index, {}, finishReason)).join("");
  if (request.includeUsage) text += `data: ${JSON.stringify({ ...head, choices: [], usage })}\n\n`;
  response.end(`${text}data: [DONE]\n\n`);
}
