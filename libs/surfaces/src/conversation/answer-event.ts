// The internal form of an answer as it comes: what every chat dialect's stream says, in no dialect's words. A plain answer is
// read as the same events, all at once.
import type { ErrorCode, ReportedUsage } from "@waybill/domain";

/** `context_full`: the context window ended the answer. */
export type KnownFinish = "stop" | "stop_sequence" | "length" | "tool_calls" | "content_filter" | "context_full";

/** `other`: in the provider's own word, which nobody here knows. Whether the answer is whole is not known either. */
export type FinishReason = KnownFinish | { readonly other: string };

/** `choice` counts from 0; `call` counts the tool calls of a choice from 0. */
export type AnswerEvent =
  /** First, once. Empty: the provider did not say. */
  | { kind: "begin"; id: string; model: string }
  | { kind: "text"; choice: number; text: string }
  | { kind: "refusal"; choice: number; text: string }
  | { kind: "reasoning"; choice: number; text: string }
  /** Ends a stretch of reasoning. */
  | { kind: "reasoning_signature"; choice: number; signature: string }
  | { kind: "reasoning_sealed"; choice: number; sealed: string }
  | { kind: "tool_call"; choice: number; call: number; id: string; name: string }
  | { kind: "tool_arguments"; choice: number; call: number; json: string }
  /** OpenAI's shape of `logprobs.content`. */
  | { kind: "logprobs"; choice: number; content: readonly unknown[] }
  | { kind: "finish"; choice: number; reason: FinishReason; stopSequence: string }
  /** In place of `finish`: the provider says that it broke off, in the word `said`. Its usage may follow, no whole answer does. */
  | { kind: "broken"; choice: number; said: string }
  /** The provider's own figure; the last one counts. */
  | { kind: "usage"; usage: ReportedUsage }
  /** The provider's own end was seen. */
  | { kind: "end" }
  /** `message`: safe for the client. */
  | { kind: "failure"; code: ErrorCode; message: string; retryAfterMs: number };
