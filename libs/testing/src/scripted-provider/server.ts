// The scripted provider: a server that answers exactly as its script says, in the voice of the path, and logs every byte.
// For tests and benchmarks only; its models are named scripted-<something> and its answers say that they are scripted.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { control } from "./control.ts";
import { sha256, withoutSecrets } from "./fingerprint.ts";
import { OracleLog, type OracleLogOptions } from "./oracle-log.ts";
import { planCall } from "./plan.ts";
import { type Answer, play } from "./play.ts";
import type { Script, Scripts } from "./script.ts";
import { ScriptShelf } from "./script-shelf.ts";
import { VOICES } from "./voices/index.ts";
import { errorBody } from "./voices/openai-chat.ts";
import type { Voice } from "./voices/voice.ts";

export interface ScriptedProviderOptions extends OracleLogOptions {
  /** 0 or absent: any free port. Always on 127.0.0.1. */
  readonly port?: number;
  /** What GET /v1/models lists; calls may name any `scripted-…` model. */
  readonly models?: readonly string[];
}

export interface ScriptedProvider extends AsyncDisposable {
  /** Base URL for clients, ends in /v1. */
  readonly url: string;
  readonly port: number;
  readonly log: OracleLog;
  /** For calls whose body has no `x_script` and whose model has no script of its own. */
  setDefault(scripts: Scripts): void;
  setForModel(model: string, scripts: Scripts): void;
  /** Forgets scripts and log; calls that still run are cut. */
  reset(): void;
  stop(): Promise<void>;
}

const BACKLOG_MAX = 4_096;

/** Larger requests are refused with 413. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const DEFAULT_MODELS = ["scripted-1", "scripted-2", "scripted-3", "scripted-4"];

export async function startScriptedProvider(options: ScriptedProviderOptions = {}): Promise<ScriptedProvider> {
  const log = new OracleLog(options);
  const shelf = new ScriptShelf();
  const models = options.models ?? DEFAULT_MODELS;
  const running = new Set<ServerResponse>();

  const server = createServer({ noDelay: true, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    readBody(request, response, (body) => {
      const path = request.url ?? "/";
      const method = request.method ?? "";
      const voice = method === "POST" ? VOICES.find((each) => each.takes(path)) : undefined;
      if (voice) {
        const answer = readCall(voice, request, response, body, log, shelf);
        if (answer !== undefined) play(response, answer, running);
      } else if (path === "/v1/models") answerJson(response, 200, modelList(models));
      else if (path.startsWith("/_control/")) {
        const { status, value } = control(method, path, body, { log, shelf });
        answerJson(response, status, value);
      } else answerError(response, 404, `no such path: ${method} ${path}`);
    });
  });
  // An idle connection is the client's to close: a server that closes first races with the client's next request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // A thousand calls at once are no fault of a provider.
    server.listen(options.port ?? 0, "127.0.0.1", BACKLOG_MAX, resolve);
  });
  const port = (server.address() as AddressInfo).port;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    log,
    setDefault: (scripts) => shelf.setDefault(scripts),
    setForModel: (model, scripts) => shelf.setForModel(model, scripts),
    reset: () => {
      for (const response of running) response.destroy();
      shelf.clear();
      log.clear();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The answer to play, or undefined where the call was refused at once. */
function readCall(
  voice: Voice,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  log: OracleLog,
  shelf: ScriptShelf,
): Answer | undefined {
  const record = log.begin({
    path: request.url ?? "",
    headers: withoutSecrets(request.headers),
    body,
  });
  const path = request.url ?? "";
  const parsed = voice.read(path, body);
  if (!parsed.ok) {
    record.entry.status = parsed.status;
    const text = voice.errorBody(parsed.problem, "invalid_request_error", null, parsed.status);
    record.sent(answerText(response, parsed.status, text, voice.errorHeaders?.(parsed.status)));
    record.ended("completed");
    return undefined;
  }
  const { request: chat, scripts } = parsed;
  record.entry.model = chat.model;
  record.entry.stream = chat.stream;
  record.entry.maxTokens = chat.maxTokens;
  const script: Script = shelf.pick(chat.model, scripts, () => record.entry.requestId ?? sha256(body));
  const identity = { sequence: record.entry.sequence, createdSeconds: Math.floor(Date.now() / 1000) };
  return { voice, plan: planCall(chat, script), request: chat, identity, record };
}

function modelList(models: readonly string[]): unknown {
  const data = models.map((id) => ({ id, object: "model", created: 0, owned_by: "waybill-scripted-provider" }));
  return { object: "list", data };
}

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  answerText(response, status, JSON.stringify(value));
}

function answerText(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const always = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...always, ...headers });
  response.end(body);
  return body;
}

function answerError(response: ServerResponse, status: number, message: string): string {
  return answerText(response, status, errorBody(message, "invalid_request_error", null));
}

function readBody(request: IncomingMessage, response: ServerResponse, done: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  request.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= BODY_BYTES_MAX) pieces.push(piece);
  });
  request.once("end", () => {
    if (bytes > BODY_BYTES_MAX) answerError(response, 413, `the body is larger than ${BODY_BYTES_MAX} bytes`);
    else done(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces));
  });
}
