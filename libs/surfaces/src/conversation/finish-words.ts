// How an answer ended, by the word that says so in any of the APIs and in what the servers that speak them add of their own.
import type { FinishReason, KnownFinish } from "./answer-event.ts";

/** Of a word that is not known, so much is kept. */
const WORD_CHARACTERS_MAX = 64;

/** In lower case. What only one format says of itself, and means otherwise elsewhere, stands with that format. */
const ENDS: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries({
    // pause_turn: a server tool wants to go on; here that is an end like any other.
    stop: ["stop", "end_turn", "pause_turn", "completed", "complete", "eos", "eos_token", "stop_token", "end_of_turn"],
    stop_sequence: ["stop_sequence"],
    length: ["length", "max_tokens", "max_output_tokens", "token_limit", "model_length"],
    tool_calls: ["tool_calls", "tool_call", "tool_use", "function_call"],
    content_filter: [
      ...["content_filter", "content_filtered", "guardrail_intervened", "refusal", "safety", "sensitive"],
      ...["blocked", "blocklist", "recitation", "prohibited_content", "spii", "error_toxic"],
    ],
    context_full: ["context_full", "model_context_window_exceeded"],
  } satisfies Record<KnownFinish, string[]>).flatMap(([reason, words]) =>
    words.map((word) => [word, reason as KnownFinish] as const),
  ),
);

/** The answer broke off, and is none. Known of DeepSeek, Mistral, OpenRouter, vLLM, SGLang, Z.ai, Cohere and watsonx. */
const BROKEN: ReadonlySet<string> = new Set([
  ...["error", "failed", "abort", "aborted", "cancelled", "canceled", "interrupted", "timeout", "time_limit"],
  ...["insufficient_system_resource", "network_error", "server_error", "error_limit", "not_finished"],
]);

/** What a provider's word says; `broken`: that this is no end. */
export function readFinishWord(word: string): FinishReason | "broken" {
  const known = word.toLowerCase();
  if (BROKEN.has(known)) return "broken";
  return ENDS.get(known) ?? { other: word.slice(0, WORD_CHARACTERS_MAX) };
}

/** Of two choices' words, the one that says less of the answer being whole; the second where both say as much. */
export function weakerFinishWord(first: string, second: string): string {
  return doubt(first) > doubt(second) ? first : second;
}

function doubt(word: string): number {
  const reason = readFinishWord(word);
  if (reason === "broken") return 3;
  if (typeof reason === "object") return 2;
  return reason === "content_filter" ? 1 : 0;
}

/** The word for it in a dialect's own table. Of a reason that nobody here knows, the provider's word is passed on. */
export function finishWord(words: Readonly<Record<KnownFinish, string>>, reason: FinishReason): string {
  return typeof reason === "string" ? words[reason] : reason.other;
}
