// An OpenAI-compatible server around the tiny model: real tokens, real usage, real queueing. For tests and benchmarks.

import { randomInt, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { seededRandom } from "../seeded-random.ts";
import { type ChatCall, readChatCall } from "./chat-call.ts";

import type { TinyModel } from "./find-tiny-model.ts";
import { type GenerateEvent, generate, ModelQueue } from "./generate.ts";

export const TINY_MODEL_NAME = "tinyllm/stories260k";
const BODY_BYTES_MAX = 1024 * 1024;
const RETRY_AFTER_SECONDS = 1;
const SEED_MAX = 2 ** 31;

export interface TinyModelServer extends AsyncDisposable {
  /** Base URL for clients, ends in /v1. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startTinyModelServer(
  model: TinyModel,
  options: { port?: number } = {},
): Promise<TinyModelServer> {
  const queue = new ModelQueue();
  const server = createServer({ noDelay: true }, (request, response) => {
    answer(request, response, model, queue).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the tiny model's server has no port");
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const url = `http://127.0.0.1:${address.port}/v1`;
  return { url, port: address.port, stop, [Symbol.asyncDispose]: stop };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  model: TinyModel,
  queue: ModelQueue,
): Promise<void> {
  const body = await readBody(request);
  if (request.url === "/v1/models") {
    const data = [{ id: TINY_MODEL_NAME, object: "model", created: 0, owned_by: "waybill-tiny-model" }];
    return sendJson(response, 200, { object: "list", data });
  }
  if (request.url !== "/v1/chat/completions" || request.method !== "POST") {
    return sendError(response, 404, "no such path");
  }
  if (body === undefined) return sendError(response, 413, `the body is larger than ${BODY_BYTES_MAX} bytes`);
  const parsed = readChatCall(body, TINY_MODEL_NAME, model);
  if (!parsed.ok) return sendError(response, parsed.status, parsed.problem, parsed.code);
  if (queue.isFull) {
    response.setHeader("retry-after", RETRY_AFTER_SECONDS);
    return sendError(response, 429, "too many requests wait for the model", "rate_limit_exceeded");
  }
  const leave = await queue.enter();
  try {
    await respond(response, model, parsed.call);
  } finally {
    leave();
  }
}

async function respond(response: ServerResponse, model: TinyModel, call: ChatCall): Promise<void> {
  const events = generate(model, {
    ...call,
    sampling: { ...call, random: seededRandom(call.seed ?? randomInt(SEED_MAX)) },
    isWanted: () => !response.destroyed,
  });
  const envelope = {
    id: `chatcmpl-tinyllm-${randomUUID()}`,
    created: Math.floor(Date.now() / 1_000),
    model: TINY_MODEL_NAME,
    system_fingerprint: "stories260k",
  };
  if (call.stream) await respondStreamed(response, call, envelope, events);
  else await respondWhole(response, call, envelope, events);
}

async function respondWhole(
  response: ServerResponse,
  call: ChatCall,
  envelope: object,
  events: AsyncIterable<GenerateEvent>,
): Promise<void> {
  let content = "";
  for await (const event of events) {
    if (event.kind === "text") content += event.text;
    else {
      const message = { role: "assistant", content, refusal: null };
      const choices = [{ index: 0, message, logprobs: null, finish_reason: event.finishReason }];
      const usage = usageOf(call, event.outputTokens);
      sendJson(response, 200, { ...envelope, object: "chat.completion", choices, usage });
    }
  }
}

async function respondStreamed(
  response: ServerResponse,
  call: ChatCall,
  envelope: object,
  events: AsyncIterable<GenerateEvent>,
): Promise<void> {
  const tail = call.includeUsage ? { usage: null } : {};
  const head = { ...envelope, object: "chat.completion.chunk" };
  const send = (delta: object, finishReason: string | null) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    return response.write(`data: ${JSON.stringify({ ...head, choices, ...tail })}\n\n`);
  };
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  send({ role: "assistant", content: "" }, null);
  for await (const event of events) {
    if (event.kind === "text") {
      if (!send({ content: event.text }, null)) await drainedOrGone(response);
    } else {
      send({}, event.finishReason);
      const usage = usageOf(call, event.outputTokens);
      if (call.includeUsage) response.write(`data: ${JSON.stringify({ ...head, choices: [], usage })}\n\n`);
      response.end("data: [DONE]\n\n");
    }
  }
}

function usageOf(call: ChatCall, outputTokens: number): object {
  return {
    prompt_tokens: call.promptTokens.length,
    completion_tokens: outputTokens,
    total_tokens: call.promptTokens.length + outputTokens,
  };
}

function sendError(response: ServerResponse, status: number, message: string, code: string | null = null): void {
  const type = status === 429 ? "requests" : "invalid_request_error";
  sendJson(response, status, { error: { message, type, param: null, code } });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Undefined when the body is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes <= BODY_BYTES_MAX) pieces.push(piece);
  }
  return bytes > BODY_BYTES_MAX ? undefined : Buffer.concat(pieces).toString("utf8");
}

function drainedOrGone(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
