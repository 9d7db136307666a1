// The `response` object of this dialect and the items in it. Source of the fields: openai 6.49.0, Response and ResponseOutputItem.
import type { TokenUsage } from "@waybill/domain";
import type { FinishReason, KnownFinish } from "../conversation/answer-event.ts";
import { toEncryptedContent } from "./sealed-reasoning.ts";

type Status = "in_progress" | "completed" | "incomplete" | "failed";

interface ResponseFields {
  /** The provider's, or unique per attempt; made one of this dialect's. */
  id: string;
  model: string;
  createdUnixSeconds: number;
  status: Status;
  output: readonly object[];
  reason?: string | undefined;
  usage?: TokenUsage | undefined;
}

const INCOMPLETE: Readonly<Record<KnownFinish, string | undefined>> = {
  stop: undefined,
  stop_sequence: undefined,
  tool_calls: undefined,
  length: "max_output_tokens",
  context_full: "max_output_tokens",
  content_filter: "content_filter",
};

/** Why an answer is not whole; undefined: it is. A reason that nobody here knows is no promise that it is. */
export function incompleteReason(finish: FinishReason): string | undefined {
  return typeof finish === "string" ? INCOMPLETE[finish] : finish.other;
}

/** What echoes the request is said as where nothing was asked: the request is not known here. */
export function responseOf({ id, model, createdUnixSeconds, status, output, reason, usage }: ResponseFields): object {
  return {
    id: responseId(id),
    object: "response",
    created_at: createdUnixSeconds,
    status,
    background: false,
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: null,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: null,
    truncation: "disabled",
    usage: usage ? writeUsage(usage) : null,
  };
}

function responseId(id: string): string {
  return id.startsWith("resp_") ? id : `resp_${plainId(id)}`;
}

/** Ids that a client gives back may hold letters, digits, _ and - only, 64 at most. */
export function itemId(kind: "msg" | "rs" | "fc", attemptId: string, index: number): string {
  return `${kind}_${plainId(attemptId).slice(0, 48)}_${index}`;
}

function plainId(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, "_");
}

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export type ContentPart =
  | { kind: "text"; text: string; logprobs: readonly unknown[] }
  | { kind: "refusal"; text: string };

export function messageItem(id: string, parts: readonly ContentPart[], status: ItemStatus): object {
  return { id, type: "message", role: "assistant", status, content: parts.map(contentPart) };
}

export function contentPart(part: ContentPart): object {
  if (part.kind === "refusal") return { type: "refusal", refusal: part.text };
  return { type: "output_text", text: part.text, annotations: [], logprobs: part.logprobs };
}

interface Thought {
  text: string;
  signature: string;
  sealed: string;
}

export function reasoningItem(id: string, thought: Thought): object {
  const { text } = thought;
  const summary = text === "" ? [] : [summaryPart(text)];
  return { id, type: "reasoning", summary, encrypted_content: toEncryptedContent(thought) };
}

export function summaryPart(text: string): object {
  return { type: "summary_text", text };
}

interface Call {
  id: string;
  name: string;
  argumentsJson: string;
}

export function callItem(id: string, { id: callId, name, argumentsJson }: Call, status: ItemStatus): object {
  return { id, type: "function_call", status, call_id: callId, name, arguments: argumentsJson };
}

function writeUsage(usage: TokenUsage): object {
  const cacheWrite = usage.cacheWrite5m + usage.cacheWrite1h;
  return {
    input_tokens: Number(usage.input),
    input_tokens_details: {
      cached_tokens: Number(usage.cachedInput),
      ...(cacheWrite > 0n && { cache_write_tokens: Number(cacheWrite) }),
    },
    output_tokens: Number(usage.output),
    output_tokens_details: { reasoning_tokens: Number(usage.reasoningOutput) },
    total_tokens: Number(usage.input + usage.output),
  };
}
