// An answer as a list of steps (wait, write, stall, cut), made lazily from a plan: the same list serves an answer at
// once and one that takes minutes. Nothing here touches a socket.

import type { CallPlan, ReportedUsage, ScriptedRequest } from "./plan.ts";
import { joinedText } from "./plan.ts";

export type Step =
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "write"; readonly text: string; readonly contentChunks: 0 | 1; readonly usage?: ReportedUsage }
  /** Sends nothing more and keeps the connection open. */
  | { readonly kind: "stall" }
  | { readonly kind: "cut"; readonly by: "rst" | "fin" };

export interface AnswerIdentity {
  readonly id: string;
  readonly createdSeconds: number;
}

const STALL: Step = { kind: "stall" };
const BOM = "\u{feff}";
const DEFAULT_FAULT_CHUNK = 1;

/** Faults after which the caller has no whole, valid answer. The other kinds only make the answer odd. */
export function endsBadly(plan: CallPlan): boolean {
  const kind = plan.fault?.kind;
  return kind !== undefined && kind !== "crlf" && kind !== "bom" && kind !== "slow_bytes" && kind !== "oversize_event";
}

/** The text of an OpenAI error object. */
export function errorBody(message: string, type: string, code: string | null): string {
  return JSON.stringify({ error: { message, type, param: null, code } });
}

/** Server-sent events of chat.completion.chunk, in OpenAI's order: role, content, finish, usage, [DONE]. */
export function* streamSteps(
  plan: CallPlan,
  request: ScriptedRequest,
  identity: AnswerIdentity,
  nowNs: () => bigint,
): Generator<Step> {
  const eol = plan.fault?.kind === "crlf" ? "\r\n" : "\n";
  const event = (data: string) => `data: ${data}${eol}${eol}`;
  const frame = chunkWriter(plan, request, identity, nowNs);
  const broken = breakOff(plan);
  const everyChoice = (delta: string, finishReason: string | null) => {
    let text = "";
    for (let choice = 0; choice < request.choices; choice++) text += event(frame(choice, delta, finishReason));
    return text;
  };

  if (plan.fault?.kind === "bom") yield write(BOM);
  if (plan.fault?.kind === "first_frame_error") {
    yield write(event(errorBody(plan.fault.message ?? "scripted first-frame error", "server_error", "scripted_error")));
    return;
  }
  yield write(everyChoice('{"role":"assistant","content":""}', null));

  for (let index = 0; index < plan.chunks; index++) {
    if (broken?.after === index) return yield* stopSteps(broken.stop, event);
    const ms = index === 0 ? plan.firstTokenMs : plan.gapMs;
    if (ms > 0) yield { kind: "wait", ms };
    const text = everyChoice(`{"content":${JSON.stringify(plan.chunkText(index))}}`, null);
    yield { kind: "write", text: isMalformed(plan, index) ? breakJson(text, eol) : text, contentChunks: 1 };
  }
  if (broken !== undefined) return yield* stopSteps(broken.stop, event);

  for (const delta of toolCallDeltas(plan)) yield write(everyChoice(delta, null));
  yield write(everyChoice("{}", plan.finishReason));
  if (request.includeUsage && plan.usage !== undefined) {
    yield { kind: "write", text: event(frame(undefined, "", null)), contentChunks: 0, usage: plan.usage };
  }
  yield write(event("[DONE]"));
}

/** A plain JSON answer: in one piece, or in `chunks` slices where a fault needs a middle. */
export function* plainSteps(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): Generator<Step> {
  if (plan.firstTokenMs > 0) yield { kind: "wait", ms: plan.firstTokenMs };
  const body = plainBody(plan, request, identity);
  const broken = breakOff(plan);
  if (broken === undefined) {
    const isWhole = plan.usage !== undefined && !endsBadly(plan);
    yield { kind: "write", text: body, contentChunks: 0, ...(isWhole ? { usage: plan.usage } : {}) };
    return;
  }
  // One slice more than chunks: even "after the last chunk" leaves the body incomplete.
  const slices = plan.chunks + 1;
  for (let index = 0; index < broken.after; index++) {
    if (index > 0 && plan.gapMs > 0) yield { kind: "wait", ms: plan.gapMs };
    const from = Math.floor((index * body.length) / slices);
    const to = Math.floor(((index + 1) * body.length) / slices);
    yield { kind: "write", text: body.slice(from, to), contentChunks: 1 };
  }
  yield* stopSteps(broken.stop, (data) => data);
}

/** The whole body that a plain answer has, broken where the fault says so. */
export function plainBody(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): string {
  if (plan.fault?.kind === "first_frame_error") {
    return errorBody(plan.fault.message ?? "scripted first-frame error", "server_error", "scripted_error");
  }
  const toolCalls =
    plan.toolCalls.length === 0 ? "" : `,"tool_calls":${JSON.stringify(plan.toolCalls.map(toolCallObject))}`;
  const message = `{"role":"assistant","content":${JSON.stringify(joinedText(plan))},"refusal":null${toolCalls}}`;
  const finish = `"logprobs":null,"finish_reason":${JSON.stringify(plan.finishReason)}`;
  let choices = "";
  for (let index = 0; index < request.choices; index++) {
    choices += `${index === 0 ? "" : ","}{"index":${index},"message":${message},${finish}}`;
  }
  const usage = plan.usage === undefined ? "" : `,"usage":${usageJson(plan.usage)}`;
  // Put together by hand: JSON.stringify of the whole was the largest part of a call's own cost.
  const body =
    `{"id":"${identity.id}","object":"chat.completion","created":${identity.createdSeconds},` +
    `"model":${JSON.stringify(request.model)},"choices":[${choices}]${usage},"system_fingerprint":"scripted"}`;
  if (plan.fault?.kind === "bom") return BOM + body;
  return plan.fault?.kind === "malformed_json" ? body.slice(0, body.length >> 1) : body;
}

type Stop =
  | { readonly kind: "stall" }
  | { readonly kind: "cut"; readonly by: "rst" | "fin" }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly message: string };

/** Where the answer breaks off, if it does; never later than after its last chunk. */
function breakOff(plan: CallPlan): { readonly after: number; readonly stop: Stop } | undefined {
  const fault = plan.fault;
  const at = (chunk: number | undefined, stop: Stop) => ({
    after: Math.min(chunk ?? DEFAULT_FAULT_CHUNK, plan.chunks),
    stop,
  });
  switch (fault?.kind) {
    case "stall_after":
      return at(fault.chunk, { kind: "stall" });
    case "cut_after":
      return at(fault.chunk, { kind: "cut", by: fault.by ?? "rst" });
    case "end_without_done":
      return at(fault.chunk, { kind: "end" });
    case "error_event_after":
      return at(fault.chunk, { kind: "error", message: fault.message ?? "scripted error in the middle of the stream" });
    default:
      return undefined;
  }
}

function* stopSteps(stop: Stop, event: (data: string) => string): Generator<Step> {
  if (stop.kind === "stall") yield STALL;
  if (stop.kind === "cut") yield { kind: "cut", by: stop.by };
  if (stop.kind === "error") yield write(event(errorBody(stop.message, "server_error", "scripted_error")));
}

function chunkWriter(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity, nowNs: () => bigint) {
  const model = JSON.stringify(request.model);
  const head =
    `{"id":"${identity.id}","object":"chat.completion.chunk","created":${identity.createdSeconds},` +
    `"model":${model},"system_fingerprint":"scripted"`;
  const usageNull = request.includeUsage && plan.usage !== undefined ? ',"usage":null' : "";
  return (choice: number | undefined, delta: string, finishReason: string | null): string => {
    const stamp = plan.stamp ? `,"x_sent_ns":"${nowNs()}"` : "";
    if (choice === undefined) {
      const usage = plan.usage === undefined ? "null" : usageJson(plan.usage);
      return `${head},"choices":[],"usage":${usage}${stamp}}`;
    }
    const finish = finishReason === null ? "null" : JSON.stringify(finishReason);
    const choices = `[{"index":${choice},"delta":${delta},"logprobs":null,"finish_reason":${finish}}]`;
    return `${head},"choices":${choices}${usageNull}${stamp}}`;
  };
}

function toolCallDeltas(plan: CallPlan): string[] {
  return plan.toolCalls.flatMap((call, index) => {
    const half = call.arguments.length >> 1;
    const { id, type } = toolCallObject(call, index);
    const first = { index, id, type, function: { name: call.name, arguments: "" } };
    const rest = [call.arguments.slice(0, half), call.arguments.slice(half)];
    return [first, ...rest.map((piece) => ({ index, function: { arguments: piece } }))].map((delta) =>
      JSON.stringify({ tool_calls: [delta] }),
    );
  });
}

function toolCallObject(call: { name: string; arguments: string }, index: number) {
  return { id: `call_scripted_${index}`, type: "function", function: { name: call.name, arguments: call.arguments } };
}

function usageJson(usage: ReportedUsage): string {
  return (
    `{"prompt_tokens":${usage.inputTokens},"completion_tokens":${usage.outputTokens},` +
    `"total_tokens":${usage.inputTokens + usage.outputTokens},` +
    `"prompt_tokens_details":{"cached_tokens":${usage.cachedInputTokens},"audio_tokens":0},` +
    `"completion_tokens_details":{"reasoning_tokens":${usage.reasoningTokens},"audio_tokens":0}}`
  );
}

function isMalformed(plan: CallPlan, index: number): boolean {
  if (plan.fault?.kind !== "malformed_json") return false;
  return Math.min(plan.fault.chunk ?? DEFAULT_FAULT_CHUNK, plan.chunks - 1) === index;
}

/** Drops the tail of the event's JSON; the event itself still ends as it should. */
function breakJson(event: string, eol: string): string {
  return `${event.slice(0, event.length >> 1)}${eol}${eol}`;
}

function write(text: string): Step {
  return { kind: "write", text, contentChunks: 0 };
}
