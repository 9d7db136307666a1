// Clients of failover tests: every way in and out (each surface at each provider), over plain HTTP and by the official SDKs, with
// what the client saw and when.
import assert from "node:assert/strict";
import { type CallEntry, eventually } from "@waybill/testing";
import { adminOf } from "./admin.ts";
import { anthropicClient } from "./anthropic.ts";
import { openaiClient } from "./ask.ts";
import { type BookedAttempt, bookedAttempts } from "./books.ts";
import { END } from "./routes.ts";
import type { TestStack } from "./start-stack.ts";

const SURFACE_NAMES = ["openai", "anthropic", "responses"] as const;
type SurfaceName = (typeof SURFACE_NAMES)[number];
type ProviderName = "openai" | "anthropic";

/** A surface at a provider. */
export interface Direction {
  name: string;
  surface: SurfaceName;
  /** As in `failoverYaml`. */
  provider: ProviderName;
  /** The provider speaks the surface: bytes pass. */
  passes: boolean;
}

const passing = (surface: SurfaceName, provider: ProviderName): Direction => ({
  ...{ name: `${surface} passes`, surface, provider, passes: true },
});
const translated = (surface: SurfaceName, provider: ProviderName): Direction => ({
  ...{ name: `${surface} to ${provider}`, surface, provider, passes: false },
});
export const PASSING = [
  passing("openai", "openai"),
  passing("anthropic", "anthropic"),
  passing("responses", "openai"),
] as const;
export const DIRECTIONS = [
  ...PASSING,
  translated("openai", "anthropic"),
  translated("anthropic", "openai"),
  translated("responses", "anthropic"),
] as const;

/** Checks every direction, or these, all at the same time. */
export async function everywhere(
  check: (direction: Direction) => Promise<void>,
  directions: readonly Direction[] = DIRECTIONS,
): Promise<void> {
  await Promise.all(directions.map((each) => check(each)));
}

/** A model of `failoverYaml` at this direction's provider. */
export const modelAt = ({ provider }: Direction, name: string): string => `${provider}/scripted-${name}`;

/**
 * A model for each surface, where a failure tells on a model: five in a row would open its circuit, and two ways never meet at one
 * that fails in both.
 */
export const bySurface = (name: string): string[] => SURFACE_NAMES.map((surface) => `${name}-${surface}`);
export const own = (name: string, { surface }: Direction): string => `${name}-${surface}`;

/** Both providers have every model as `scripted-<name>`; `good` is twice as dear. */
export const failoverYaml =
  (names: readonly string[]) =>
  (url: string): string => {
    const models = ["good", ...names].map((name) => {
      const price = name === "good" ? '{input: "0.2", output: "0.8"}' : '{input: "0.1", output: "0.4"}';
      return `      - {name: scripted-${name}, contextWindowTokens: 1000000, maxOutputTokens: 4096, price: ${price}}`;
    });
    const provider = (id: string, dialect: string): string =>
      `  - id: ${id}\n    dialect: ${dialect}\n    baseUrl: ${url}\n    allowPrivateAddress: true\n    models:\n${models.join("\n")}\n`;
    return `providers:\n${provider("openai", "openai")}${provider("anthropic", "anthropic")}`;
  };

/** For both providers a route `<name>-<provider>`: its model, `more` of the node, and the fallback. */
export async function makeRoute(stack: TestStack, name: string, more: object = {}, fallback = "good"): Promise<void> {
  for (const provider of ["openai", "anthropic"]) {
    const node = (id: string): object & { id: string } => ({
      ...{ id, kind: "model", model: `${provider}/scripted-${id}`, next: "end" },
    });
    const first = { ...node(name), ...more, ...(fallback !== "none" && { fallback }) };
    const others = fallback === "none" ? [] : [node(fallback)];
    const document = { nodes: [{ id: "start", kind: "start", next: name }, first, ...others, END] };
    const asked = { name: `${name}-${provider}`, document, deploy: true };
    const { status, body } = await adminOf(stack)("POST", "/api/v1/routes", asked);
    assert.equal(status, 201, JSON.stringify(body));
  }
}

export interface Asked {
  stream?: boolean;
  headers?: Record<string, string>;
  fields?: Record<string, unknown>;
}

/** What a client of plain HTTP saw. Times are milliseconds since it asked. */
export interface Seen {
  status: number;
  requestId: string;
  /** x-waybill-model and x-waybill-attempts. */
  model: string;
  attempts: number;
  headers: Headers;
  text: string;
  /** The stream's own end mark came, or a plain answer was whole. */
  isWhole: boolean;
  /** Of an error answer, or of the error event in a stream. */
  errorCode: string | undefined;
  /** role deltas, message_starts or response.createds: one client sees one answer. */
  begins: number;
  outputTokens: number | undefined;
  comments: number;
  pings: number;
  afterEnd: number;
  firstMs: number;
  endMs: number;
}

const PATHS: Record<SurfaceName, string> = {
  openai: "/v1/chat/completions",
  anthropic: "/v1/messages",
  responses: "/v1/responses",
};
const MAX_TOKENS = 1_000;
const messages = [{ role: "user" as const, content: "hello" }];

/** Asks as curl would, and reads to the end. */
export async function see(stack: TestStack, { surface }: Direction, model: string, asked: Asked = {}): Promise<Seen> {
  const { stream = true, headers = {}, fields = {} } = asked;
  const askedAtMs = performance.now();
  const response = await fetch(`${stack.url}${PATHS[surface]}`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.keys.support_1}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({
      ...{ model, stream },
      ...(surface === "responses"
        ? { input: messages, max_output_tokens: MAX_TOKENS }
        : { messages, max_tokens: MAX_TOKENS }),
      ...(stream && surface === "openai" && { stream_options: { include_usage: true } }),
      ...fields,
    }),
  });
  const pieces: Uint8Array[] = [];
  let firstMs = 0;
  let isCut = false;
  try {
    for await (const piece of response.body ?? []) {
      firstMs ||= performance.now() - askedAtMs;
      pieces.push(piece);
    }
  } catch {
    isCut = true;
  }
  const body = Buffer.concat(pieces).toString("utf8");
  const said = (name: string): string => response.headers.get(name) ?? "";
  const seen: Seen = {
    ...{ status: response.status, headers: response.headers, requestId: said("x-request-id"), firstMs },
    model: said("x-waybill-model").replace("scripted-", ""),
    attempts: Number(said("x-waybill-attempts")),
    ...{ text: "", isWhole: false, errorCode: undefined, begins: 0, outputTokens: undefined },
    ...{ comments: 0, pings: 0, afterEnd: 0, endMs: performance.now() - askedAtMs },
  };
  if (!stream || !response.ok) readPlain(JSON.parse(body), seen);
  else for (const event of body.split(/\r\n\r\n|\n\n|\r\r/).filter((text) => text !== "")) readEvent(event, seen);
  assert.ok(!(isCut && seen.isWhole), "a connection was cut behind a whole answer");
  return seen;
}

// biome-ignore lint/suspicious/noExplicitAny: what is there is what the test says
type Values = any;

function readPlain(body: Values, seen: Seen): void {
  seen.errorCode = codeOf(body);
  if (seen.errorCode !== undefined) return;
  seen.isWhole = true;
  seen.begins = 1;
  if (body.output) seen.text = body.output[0].content[0].text;
  else seen.text = body.choices ? body.choices[0].message.content : body.content[0].text;
  seen.outputTokens = body.usage?.completion_tokens ?? body.usage?.output_tokens;
}

/** An event that is no JSON throws: no client may be shown one. */
function readEvent(event: string, seen: Seen): void {
  const data = event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trimStart())
    .join("\n");
  if (data === "") seen.comments += 1;
  else if (seen.isWhole) seen.afterEnd += 1;
  else if (data === "[DONE]") seen.isWhole = true;
  else readData(JSON.parse(data), seen);
}

const BEGINS: ReadonlySet<unknown> = new Set(["message_start", "response.created"]);
const ENDS: ReadonlySet<unknown> = new Set(["message_stop", "response.completed", "response.incomplete"]);

function readData(data: Values, seen: Seen): void {
  seen.errorCode ??= codeOf(data);
  if (ENDS.has(data.type)) seen.isWhole = true;
  if (data.type === "ping") seen.pings += 1;
  const delta = data.choices?.[0]?.delta;
  if (BEGINS.has(data.type) || delta?.role !== undefined) seen.begins += 1;
  seen.text += delta?.content ?? (data.type === "content_block_delta" ? (data.delta.text ?? "") : "");
  if (data.type === "response.output_text.delta") seen.text += data.delta;
  const usage = data.usage ?? data.response?.usage;
  if (usage) seen.outputTokens = usage.completion_tokens ?? usage.output_tokens;
}

function codeOf(body: Values): string | undefined {
  return body.error ? (body.error.code ?? body.error.details?.error_code ?? "unknown") : undefined;
}

/** What the official client gives to the program that uses it. */
export interface SdkSeen {
  text: string;
  /** The class of what was thrown, and what it says. */
  thrown: { name: string; status: number | undefined; message: string } | undefined;
}

/** Streams by the surface's own SDK, which by default tries again by itself as it does when nobody says otherwise. */
export async function seeBySdk(
  stack: TestStack,
  { surface }: Direction,
  model: string,
  { maxRetries = 0 }: { maxRetries?: number } = {},
): Promise<SdkSeen> {
  const seen: SdkSeen = { text: "", thrown: undefined };
  try {
    await STREAM_BY[surface](stack, model, maxRetries, seen);
  } catch (error) {
    assert.ok(error instanceof Error);
    const { status } = error as { status?: number };
    seen.thrown = { name: error.constructor.name, status, message: error.message };
  }
  return seen;
}

async function streamByOpenAi(stack: TestStack, model: string, maxRetries: number, seen: SdkSeen): Promise<void> {
  const client = openaiClient(stack, stack.keys.support_1, maxRetries);
  const request = { model, messages, max_tokens: MAX_TOKENS, stream: true } as const;
  for await (const chunk of await client.chat.completions.create(request)) {
    seen.text += chunk.choices[0]?.delta.content ?? "";
  }
}

async function streamByAnthropic(stack: TestStack, model: string, maxRetries: number, seen: SdkSeen): Promise<void> {
  const client = anthropicClient(stack).withOptions({ maxRetries });
  const request = { model, messages, max_tokens: MAX_TOKENS, stream: true } as const;
  for await (const event of await client.messages.create(request)) {
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") seen.text += event.delta.text;
  }
}

async function streamByResponses(stack: TestStack, model: string, maxRetries: number, seen: SdkSeen): Promise<void> {
  const client = openaiClient(stack, stack.keys.support_1, maxRetries);
  const request = { model, input: messages, max_output_tokens: MAX_TOKENS, stream: true } as const;
  for await (const event of await client.responses.create(request)) {
    if (event.type === "response.output_text.delta") seen.text += event.delta;
  }
}

const STREAM_BY = { openai: streamByOpenAi, anthropic: streamByAnthropic, responses: streamByResponses };

/** What is booked of a request, once that is so many attempts. */
export function rowsOf(stack: TestStack, requestId: string, count: number): Promise<BookedAttempt[]> {
  const look = async () => {
    const rows = (await bookedAttempts(stack)).filter(({ attempt_id: id }) => id.startsWith(`${requestId}.`));
    return rows.length === count ? rows : undefined;
  };
  return eventually(look, { reason: `${requestId} is booked`, timeoutMs: 20_000, intervalMs: 200 });
}

/** The provider's own log of one request, as `<model>` in order, and the pauses between its calls. */
export function callsOf(stack: TestStack, requestId: string): { models: string[]; gapsMs: number[] } {
  return logged(stack.provider.log.forRequest(requestId));
}

/** Of all requests that had this model as their first. */
export function callsAt(stack: TestStack, model: string): { models: string[]; gapsMs: number[] } {
  return logged(stack.provider.log.entries().filter((call) => call.model === `scripted-${model}`));
}

function logged(calls: readonly CallEntry[]): { models: string[]; gapsMs: number[] } {
  const gapsMs = calls.slice(1).map((call, index) => call.receivedAtMs - (calls[index]?.receivedAtMs ?? 0));
  return { models: calls.map(({ model }) => (model ?? "").replace("scripted-", "")), gapsMs };
}
