// Clients of a test stack: the official SDK and plain HTTP.

import type { Script } from "@waybill/testing";
import OpenAI from "openai";
import type { TestStack } from "./start-stack.ts";

/** The official client; no retries of its own unless asked, so that a test sees every answer. */
export function openaiClient(stack: TestStack, key = stack.keys.support_1, maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: key ?? "", maxRetries });
}

export interface AskOptions {
  key?: string | undefined;
  url?: string;
  model?: string;
  stream?: boolean;
  script?: Script | readonly Script[];
  headers?: Record<string, string>;
  fields?: Record<string, unknown>;
  signal?: AbortSignal;
}

/** POST /v1/chat/completions as curl would. */
export function ask(stack: TestStack, options: AskOptions = {}): Promise<Response> {
  const { key = stack.keys.support_1, url = stack.url, model = "scripted/scripted-1", stream = false } = options;
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...options.headers },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: "hello" }],
      stream,
      ...(options.script && { x_script: options.script }),
      ...options.fields,
    }),
    ...(options.signal && { signal: options.signal }),
  });
}

/** What a whole SSE answer said: its text, whether it ended properly, and the in-band error if there is one. */
export interface StreamEnd {
  status: number;
  text: string;
  done: boolean;
  finishReason: string | undefined;
  errorCode: string | undefined;
  usage: { prompt_tokens: number; completion_tokens: number } | undefined;
  waybill: { cost_usd: string } | undefined;
  requestId: string;
}

interface Chunk {
  choices?: { delta?: { content?: string }; finish_reason?: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  waybill?: { cost_usd: string };
  error?: { code: string };
}

/** Reads a stream to its end. `onText` is called with all text so far. A cut connection counts as an end without [DONE]. */
export async function readStream(response: Response, onText: (text: string) => void = () => {}): Promise<StreamEnd> {
  const end: StreamEnd = {
    status: response.status,
    text: "",
    done: false,
    finishReason: undefined,
    errorCode: undefined,
    usage: undefined,
    waybill: undefined,
    requestId: response.headers.get("x-request-id") ?? "",
  };
  if (!response.ok) {
    end.errorCode = ((await response.json()) as Chunk).error?.code;
    return end;
  }
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const bytes of response.body ?? []) {
      rest += decoder.decode(bytes, { stream: true });
      const events = rest.split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) take(event, end);
      onText(end.text);
    }
  } catch {
    // The connection was cut; `done` stays false.
  }
  return end;
}

function take(event: string, end: StreamEnd): void {
  if (!event.startsWith("data: ")) return;
  const data = event.slice("data: ".length);
  if (data === "[DONE]") {
    end.done = true;
    return;
  }
  const chunk = JSON.parse(data) as Chunk;
  end.errorCode ??= chunk.error?.code;
  end.usage ??= chunk.usage ?? undefined;
  end.waybill ??= chunk.waybill;
  for (const choice of chunk.choices ?? []) {
    end.text += choice.delta?.content ?? "";
    end.finishReason ??= choice.finish_reason ?? undefined;
  }
}
