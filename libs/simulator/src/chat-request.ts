// Reads a chat completion request as far as the simulator acts on it; says what is wrong as OpenAI would.

import { MODELS, type SimulatedModel } from "./models.ts";

export interface ChatRequest {
  readonly model: SimulatedModel;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly choices: number;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly wantsJson: boolean;
  readonly messages: number;
  readonly lastUserText: string;
  /** Everything that counts as input, in order: what a prompt cache would see. */
  readonly prompt: string;
  readonly images: number;
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

export type ParsedChatRequest = { readonly request: ChatRequest } | { readonly refusal: Refusal };

const CHOICES_MAX = 8;
const STOPS_MAX = 4;
const MESSAGES_MAX = 10_000;
const TOKENS_MAX = 1_000_000;

export function parseChatRequest(body: string): ParsedChatRequest {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refuse("The body is not valid JSON.", null);
  }
  if (!isObject(value)) return refuse("The body must be a JSON object.", null);
  const problem = findProblem(value);
  if (problem !== undefined) return problem;
  const model = MODELS.find(({ id }) => id === value.model);
  if (model === undefined) {
    const message = `The model \`${String(value.model).slice(0, 100)}\` does not exist.`;
    return { refusal: { status: 404, message, param: "model", code: "model_not_found" } };
  }
  const messages = (value.messages as unknown[]).map(readMessage);
  const tools = value.tools === undefined ? "" : JSON.stringify(value.tools);
  return {
    request: {
      model,
      stream: value.stream === true,
      includeUsage: isObject(value.stream_options) && value.stream_options.include_usage === true,
      choices: Number(value.n ?? 1),
      maxTokens: numberOf(value.max_completion_tokens) ?? numberOf(value.max_tokens),
      stop: stopsOf(value.stop),
      wantsJson: isObject(value.response_format) && String(value.response_format.type).startsWith("json"),
      messages: messages.length,
      lastUserText: messages.findLast(({ role }) => role === "user")?.text ?? "",
      prompt: tools + messages.map(({ role, text }) => `<${role}>${text}`).join(""),
      images: messages.reduce((sum, { images }) => sum + images, 0),
    },
  };
}

function findProblem(value: Record<string, unknown>): ParsedChatRequest | undefined {
  if (typeof value.model !== "string") return refuse("`model` must be a string.", "model");
  if (!Array.isArray(value.messages) || value.messages.length === 0 || value.messages.length > MESSAGES_MAX) {
    return refuse(`\`messages\` must be a list of 1 to ${MESSAGES_MAX} messages.`, "messages");
  }
  const bad = value.messages.findIndex((message) => !isObject(message) || typeof message.role !== "string");
  if (bad >= 0) return refuse("A message must be an object with a `role`.", `messages[${bad}]`);
  if (!isWhole(value.n ?? 1, 1, CHOICES_MAX)) return refuse(`\`n\` must be from 1 to ${CHOICES_MAX}.`, "n");
  for (const name of ["max_tokens", "max_completion_tokens"]) {
    const given = value[name] ?? undefined;
    if (given !== undefined && !isWhole(given, 1, TOKENS_MAX)) {
      return refuse(`\`${name}\` must be a whole number from 1 to ${TOKENS_MAX}.`, name);
    }
  }
  const stops = Array.isArray(value.stop) ? value.stop : [value.stop ?? ""];
  if (stops.length > STOPS_MAX || !stops.every((stop) => typeof stop === "string")) {
    return refuse(`\`stop\` must be a string or a list of up to ${STOPS_MAX} strings.`, "stop");
  }
  return undefined;
}

function readMessage(message: unknown): { role: string; text: string; images: number } {
  const { role, content, ...rest } = message as Record<string, unknown>;
  const parts = Array.isArray(content) ? content.filter(isObject) : [];
  const text = typeof content === "string" ? content : parts.map((part) => String(part.text ?? "")).join("\n");
  // Tool calls are input like any text.
  const extra = Object.keys(rest).length === 0 ? "" : JSON.stringify(rest);
  return { role: String(role), text: text + extra, images: parts.filter((part) => part.type === "image_url").length };
}

function stopsOf(stop: unknown): string[] {
  const stops = Array.isArray(stop) ? stop : [stop];
  return stops.filter((each): each is string => typeof each === "string" && each !== "");
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(message: string, param: string | null): ParsedChatRequest {
  return { refusal: { status: 400, message, param, code: null } };
}
