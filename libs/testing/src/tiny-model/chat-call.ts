// Reads a chat request for the tiny model: the messages become the beginning of one story, in the model's tokens.

import type { TinyModel } from "./find-tiny-model.ts";

export interface ChatCall {
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly promptTokens: readonly number[];
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number | undefined;
}

export type ParsedChatCall =
  | { readonly ok: true; readonly call: ChatCall }
  | { readonly ok: false; readonly status: number; readonly problem: string; readonly code: string | null };

/** Longer texts cannot fit the context, and encoding them would take long to find that out. */
const PROMPT_LENGTH_MAX = 8_192;

export function readChatCall(body: string, modelName: string, { checkpoint, tokenizer }: TinyModel): ParsedChatCall {
  const fields = parseObject(body);
  if (fields === undefined) return refuse(400, "the body is not a JSON object");
  // A gateway may ask for the bare name, without the provider's.
  if (fields.model !== modelName && fields.model !== modelName.split("/")[1]) {
    return refuse(404, `The model \`${fields.model}\` does not exist`, "model_not_found");
  }
  if (!Array.isArray(fields.messages)) return refuse(400, "messages must be a list");
  if ((fields.n ?? 1) !== 1) return refuse(400, "n can only be 1 here");
  const prompt = fields.messages.map(textOf).join("\n");
  const promptTokens = prompt.length > PROMPT_LENGTH_MAX ? [] : tokenizer.encode(prompt);
  const { context } = checkpoint.shape;
  if (promptTokens.length === 0 || promptTokens.length >= context) {
    return refuse(400, `the messages do not fit into the context of ${context} tokens`, "context_length_exceeded");
  }
  const stop = Array.isArray(fields.stop) ? fields.stop : [fields.stop];
  return {
    ok: true,
    call: {
      stream: fields.stream === true,
      includeUsage: parseIncludeUsage(fields.stream_options),
      promptTokens,
      maxTokens: numberOf(fields.max_completion_tokens) ?? numberOf(fields.max_tokens),
      stop: stop.filter((each): each is string => typeof each === "string"),
      temperature: numberOf(fields.temperature) ?? 1,
      topP: numberOf(fields.top_p) ?? 1,
      seed: numberOf(fields.seed),
    },
  };
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Refused like any other body that is no object.
  }
  return undefined;
}

function textOf(message: unknown): string {
  const content = typeof message === "object" && message !== null && "content" in message ? message.content : "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => textPart(part)).join("\n");
}

function textPart(part: unknown): string {
  return typeof part === "object" && part !== null && "text" in part && typeof part.text === "string" ? part.text : "";
}

function parseIncludeUsage(options: unknown): boolean {
  return (
    typeof options === "object" && options !== null && "include_usage" in options && options.include_usage === true
  );
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function refuse(status: number, problem: string, code: string | null = null): ParsedChatCall {
  return { ok: false, status, problem, code };
}
