// The simulator: an OpenAI-compatible provider for a machine without keys. Its answers say that they are simulated.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AnswerSettings, answerChat } from "./answer-chat.ts";
import { parseChatRequest, type Refusal } from "./chat-request.ts";
import { PromptCache } from "./core/prompt-cache.ts";
import { MODELS } from "./models.ts";

export interface SimulatorOptions {
  /** 0: any free port. Always on 127.0.0.1. */
  readonly port: number;
  readonly speedPercent?: number;
  /** Completions at the same time; more are refused with 429. */
  readonly concurrencyMax?: number;
}

export interface Simulator extends AsyncDisposable {
  /** Base URL for clients, ends in /v1. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Above the gateway's own limit (32 MiB), so that the gateway is the one that refuses. */
const BODY_BYTES_MAX = 40 * 1024 * 1024;
const DEFAULT_CONCURRENCY_MAX = 256;
const RETRY_AFTER_SECONDS = 1;

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const settings: AnswerSettings = { speedPercent: options.speedPercent ?? 100, cache: new PromptCache() };
  const concurrencyMax = options.concurrencyMax ?? DEFAULT_CONCURRENCY_MAX;
  let running = 0;

  const complete = async (request: IncomingMessage, response: ServerResponse) => {
    if (running >= concurrencyMax) {
      request.resume();
      response.setHeader("retry-after", RETRY_AFTER_SECONDS);
      refuse(response, { status: 429, message: "Too many requests.", param: null, code: "rate_limit_exceeded" });
      return;
    }
    running += 1;
    try {
      const body = await readBody(request);
      const message = `The body is larger than ${BODY_BYTES_MAX} bytes.`;
      const parsed =
        body === undefined ? { refusal: { status: 413, message, param: null, code: null } } : parseChatRequest(body);
      if ("refusal" in parsed) refuse(response, parsed.refusal);
      else await answerChat(response, parsed.request, settings);
    } finally {
      running -= 1;
    }
  };

  const server = createServer({ noDelay: true }, (request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    // A client that leaves while it sends is not worth a word.
    if (request.method === "POST" && path === "/v1/chat/completions")
      complete(request, response).catch(() => undefined);
    else if (request.method === "GET" && path === "/v1/models") listModels(response);
    else {
      request.resume();
      refuse(response, { status: 404, message: `No such path: ${request.method} ${path}`, param: null, code: null });
    }
  });
  // An idle connection is the client's to close: a server that closes first races with the client's next request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = address === null || typeof address === "string" ? options.port : address.port;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/v1`, port, stop, [Symbol.asyncDispose]: stop };
}

function listModels(response: ServerResponse): void {
  const data = MODELS.map(({ id }) => ({ id, object: "model", created: 0, owned_by: "waybill-simulator" }));
  sendJson(response, 200, { object: "list", data });
}

function refuse(response: ServerResponse, { status, message, param, code }: Refusal): void {
  const type = status === 429 ? "requests" : "invalid_request_error";
  sendJson(response, status, { error: { message, type, param, code } });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Undefined when the body is too large; it is read to its end all the same, so that the client hears the answer. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes <= BODY_BYTES_MAX) pieces.push(piece);
    else pieces.length = 0;
  }
  return bytes > BODY_BYTES_MAX ? undefined : Buffer.concat(pieces).toString("utf8");
}
