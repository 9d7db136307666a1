// Turns a request and its script into a plan: every number and every piece of text of the answer, fixed before the
// first byte goes out. Also the place of all defaults.

import type { Fault, Script, ScriptedReasoning, ScriptedToolCall } from "./script.ts";

/** What the provider needs to know of a chat request. */
export interface ScriptedRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** max_completion_tokens, else max_tokens, else undefined. */
  readonly maxTokens: number | undefined;
  readonly choices: number;
}

/** Token counts as the answer reports them (output includes reasoning, input includes what was cached and written). */
export interface ReportedUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Undefined: none. */
  readonly audioInputTokens?: number | undefined;
  readonly audioOutputTokens?: number | undefined;
}

export interface CallPlan {
  readonly latencyMs: number;
  readonly firstTokenMs: number;
  readonly gapMs: number;
  readonly chunks: number;
  /** Undefined: write each piece whole. */
  readonly bytesPerWrite: number | undefined;
  readonly chunkText: (index: number) => string;
  readonly toolCalls: readonly ScriptedToolCall[];
  /** Undefined: it shows no thoughts. */
  readonly reasoning: ScriptedReasoning | undefined;
  readonly finishReason: string;
  /** Undefined: the answer carries no usage. */
  readonly usage: ReportedUsage | undefined;
  /** Undefined: a stream's usage has a chunk of its own, where it is asked for. */
  readonly usagePlace: Script["usagePlace"];
  readonly stamp: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly fault: Fault | undefined;
}

/** Where neither script nor request says how much comes out. */
const DEFAULT_INPUT_TOKENS = 12;
const DEFAULT_OUTPUT_TOKENS = 8;
/** A script without `chunks` gets one per output token, up to this many. */
const DEFAULT_CHUNKS_MAX = 64;
const OVERSIZE_EVENT_BYTES = 2 * 1024 * 1024;

// Some words are not ASCII, so that a split of the bytes anywhere also falls inside characters.
const WORDS = ["naïve ", "words ", "日本 ", "of a ", "script → "];

export function planCall(request: ScriptedRequest, script: Script): CallPlan {
  const outputTokens = resolveOutputTokens(request, script);
  const chunks = script.chunks ?? Math.min(outputTokens, DEFAULT_CHUNKS_MAX);
  const toolCalls = script.toolCalls ?? [];
  return {
    latencyMs: script.latencyMs ?? 0,
    firstTokenMs: script.firstTokenMs ?? 0,
    gapMs: script.gapMs ?? 0,
    chunks,
    bytesPerWrite: script.fault?.kind === "slow_bytes" ? 1 : script.bytesPerWrite,
    chunkText: textSource(request.model, script, chunks),
    toolCalls,
    reasoning: script.reasoning,
    finishReason: script.finishReason ?? defaultFinishReason(request, outputTokens, toolCalls),
    usage: reportedUsage(script, outputTokens),
    usagePlace: script.usagePlace,
    stamp: script.stamp ?? false,
    headers: script.headers ?? {},
    fault: script.fault,
  };
}

/** The whole text that one choice of the answer carries when nothing goes wrong. */
export function scriptedText(request: ScriptedRequest, script: Script): string {
  return joinedText(planCall(request, script));
}

export function joinedText(plan: CallPlan): string {
  let text = "";
  for (let index = 0; index < plan.chunks; index++) text += plan.chunkText(index);
  return text;
}

/** The thought in two pieces, as a stream tells it. */
export function thoughtPieces({ text }: ScriptedReasoning): [string, string] {
  const points = Array.from(text);
  const half = points.length >> 1;
  return [points.slice(0, half).join(""), points.slice(half).join("")];
}

function resolveOutputTokens(request: ScriptedRequest, script: Script): number {
  if (script.outputTokens === "max") return (request.maxTokens ?? DEFAULT_OUTPUT_TOKENS) * request.choices;
  return script.outputTokens ?? DEFAULT_OUTPUT_TOKENS;
}

function defaultFinishReason(request: ScriptedRequest, outputTokens: number, toolCalls: readonly unknown[]): string {
  if (toolCalls.length > 0) return "tool_calls";
  const limit = request.maxTokens === undefined ? Number.POSITIVE_INFINITY : request.maxTokens * request.choices;
  return outputTokens >= limit ? "length" : "stop";
}

function textSource(model: string, script: Script, chunks: number): (index: number) => string {
  const oversize = script.fault?.kind === "oversize_event" ? (script.fault.bytes ?? OVERSIZE_EVENT_BYTES) : undefined;
  const plain = script.text === undefined ? defaultText(model) : splitText(script.text, chunks);
  if (oversize === undefined) return plain;
  return (index) => (index === 0 ? "x".repeat(oversize) : plain(index));
}

function defaultText(model: string): (index: number) => string {
  return (index) => (index === 0 ? `[scripted answer from ${model}] ` : (WORDS[index % WORDS.length] ?? ""));
}

/** Of the text that was split last: a thousand calls with one long text are split once, and keep it once. */
let lastSplit: { text: string; chunks: number; pieces: readonly string[] } = { text: "", chunks: 0, pieces: [] };

/** Splits by code points, so that only bytesPerWrite ever breaks a character. */
function splitText(text: string, chunks: number): (index: number) => string {
  if (lastSplit.text !== text || lastSplit.chunks !== chunks) {
    const points = Array.from(text);
    const at = (index: number) => Math.round((index * points.length) / Math.max(chunks, 1));
    const pieces = Array.from({ length: chunks }, (_, index) => points.slice(at(index), at(index + 1)).join(""));
    lastSplit = { text, chunks, pieces };
  }
  const { pieces } = lastSplit;
  return (index) => pieces[index] ?? "";
}

function reportedUsage(script: Script, outputTokens: number): ReportedUsage | undefined {
  const all = (count: number): ReportedUsage => ({
    inputTokens: count,
    cachedInputTokens: count,
    // Some formats give the rest of the input by itself, which must stay a number that can be read.
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: count,
    reasoningTokens: count,
  });
  switch (script.usage ?? "normal") {
    case "missing":
      return undefined;
    case "zero":
      return all(0);
    case "huge":
      return all(Number.MAX_SAFE_INTEGER);
    case "negative":
      return all(-7);
    case "normal":
      return {
        inputTokens: script.inputTokens ?? DEFAULT_INPUT_TOKENS,
        cachedInputTokens: script.cachedInputTokens ?? 0,
        cacheWriteTokens: script.cacheWriteTokens ?? 0,
        cacheWrite1hTokens: script.cacheWrite1hTokens ?? 0,
        outputTokens,
        reasoningTokens: script.reasoningTokens ?? 0,
        ...(script.audioInputTokens !== undefined && { audioInputTokens: script.audioInputTokens }),
        ...(script.audioOutputTokens !== undefined && { audioOutputTokens: script.audioOutputTokens }),
      };
  }
}
