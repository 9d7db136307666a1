// OpenAI's Responses: a response, and its events in OpenAI's order, each with its number. Formats: openai 6.49.0, Response and
// ResponseStreamEvent; https://platform.openai.com/docs/api-reference/responses-streaming
import { type CallPlan, joinedText, type ReportedUsage, type ScriptedRequest, thoughtPieces } from "../plan.ts";
import { readScripted, tokenLimit } from "../request.ts";
import type { ScriptedToolCall } from "../script.ts";
import { errorBody } from "./openai-chat.ts";
import type { AnswerIdentity, ParsedRequest, Voice, VoiceStream } from "./voice.ts";

export const openAiResponsesVoice: Voice = {
  takes: (path) => path === "/v1/responses",
  read,
  answerId: ({ sequence }) => `resp_scripted_${sequence}`,
  errorBody,
  plainBody: (plan, request, identity) =>
    JSON.stringify(responseOf(plan, request, identity, endOf(plan), itemsOf(plan, identity))),
  streamType: "text/event-stream; charset=utf-8",
  stream,
};

const INCOMPLETE: Readonly<Record<string, string>> = { length: "max_output_tokens", content_filter: "content_filter" };

function read(_path: string, body: Buffer): ParsedRequest {
  return readScripted(body, ({ model, stream, max_output_tokens }) => ({
    ...{ model, stream: stream === true, includeUsage: true, maxTokens: tokenLimit(max_output_tokens), choices: 1 },
  }));
}

type Status = "in_progress" | "completed" | "incomplete" | "failed";

function endOf({ finishReason }: CallPlan): Status {
  return finishReason in INCOMPLETE ? "incomplete" : "completed";
}

function responseOf(
  { finishReason, usage }: CallPlan,
  { model, maxTokens }: ScriptedRequest,
  identity: AnswerIdentity,
  status: Status,
  output: readonly object[],
): object {
  return {
    ...{ id: openAiResponsesVoice.answerId(identity), object: "response", created_at: identity.createdSeconds, status },
    ...{
      background: false,
      error: null,
      instructions: null,
      max_output_tokens: maxTokens ?? null,
      metadata: {},
      model,
    },
    incomplete_details: status === "incomplete" ? { reason: INCOMPLETE[finishReason] } : null,
    ...{ output, parallel_tool_calls: true, previous_response_id: null, reasoning: { effort: null, summary: null } },
    ...{ store: false, temperature: 1, text: { format: { type: "text" } }, tool_choice: "auto", tools: [], top_p: 1 },
    ...{ truncation: "disabled", usage: status !== "in_progress" && usage ? usageOf(usage) : null },
  };
}

/** Thoughts, the text and the calls, as they are when they are done. */
function itemsOf(plan: CallPlan, identity: AnswerIdentity): object[] {
  const { toolCalls } = plan;
  return [
    ...(thinks(plan) ? [thoughts(plan, identity)] : []),
    ...(speaks(plan) ? [message(identity, endOf(plan), [outputText(joinedText(plan))])] : []),
    ...toolCalls.map((call, index) => callItem(call, index, identity, "completed")),
  ];
}

const thinks = ({ usage, reasoning }: CallPlan): boolean =>
  reasoning !== undefined || (usage?.reasoningTokens ?? 0) > 0;
const speaks = ({ chunks }: CallPlan): boolean => chunks > 0;

/** OpenAI seals its thoughts, and sums them up where it is asked to: here, where the script has some. */
function thoughts({ reasoning }: CallPlan, identity: AnswerIdentity, isWhole = true): object {
  const summary = reasoning && isWhole ? [summaryText(reasoning.text)] : [];
  const encrypted_content = reasoning?.signature ?? "gAAAA-scripted";
  return { id: thoughtId(identity), type: "reasoning", summary, encrypted_content };
}

function summaryText(text: string): object {
  return { type: "summary_text", text };
}

const thoughtId = ({ sequence }: AnswerIdentity): string => `rs_scripted_${sequence}`;

function message(identity: AnswerIdentity, status: Status, content: readonly object[]): object {
  return { id: messageId(identity), type: "message", status, role: "assistant", content };
}

const messageId = ({ sequence }: AnswerIdentity): string => `msg_scripted_${sequence}`;
const callItemId = ({ sequence }: AnswerIdentity, index: number): string => `fc_scripted_${sequence}_${index}`;

function outputText(text: string): object {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function callItem(call: ScriptedToolCall, index: number, identity: AnswerIdentity, status: Status): object {
  const given = { call_id: `call_scripted_${index}`, name: call.name };
  const json = status === "in_progress" ? "" : call.arguments;
  return { id: callItemId(identity, index), type: "function_call", status, arguments: json, ...given };
}

function usageOf({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens, ...written }: ReportedUsage): object {
  const cache_write_tokens = written.cacheWriteTokens + written.cacheWrite1hTokens;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens, ...(cache_write_tokens !== 0 && { cache_write_tokens }) },
    ...{ output_tokens: outputTokens, output_tokens_details: { reasoning_tokens: reasoningTokens } },
    total_tokens: inputTokens + outputTokens,
  };
}

/** `event` writes one with its number. */
function thoughtEvents(
  plan: CallPlan,
  identity: AnswerIdentity,
  event: (type: string, fields: object) => string,
): string {
  const at = { item_id: thoughtId(identity), output_index: 0, summary_index: 0 };
  const summed = ({ reasoning }: CallPlan): string => {
    if (!reasoning) return "";
    const deltas = thoughtPieces(reasoning).map((delta) =>
      event("response.reasoning_summary_text.delta", { ...at, delta }),
    );
    return (
      deltas.join("") +
      event("response.reasoning_summary_text.done", { ...at, text: reasoning.text }) +
      event("response.reasoning_summary_part.done", { ...at, part: summaryText(reasoning.text) })
    );
  };
  const item = (what: "added" | "done", shown: object): string =>
    event(`response.output_item.${what}`, { output_index: 0, item: shown });
  return (
    item("added", thoughts(plan, identity, false)) +
    (plan.reasoning ? event("response.reasoning_summary_part.added", { ...at, part: summaryText("") }) : "") +
    summed(plan) +
    item("done", thoughts(plan, identity))
  );
}

function stream(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity, nowNs: () => bigint): VoiceStream {
  let number = 0;
  const event = (type: string, fields: object): string => {
    const data = { type, sequence_number: number, ...fields };
    number += 1;
    return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  };
  const stamp = (): object => (plan.stamp ? { x_sent_ns: String(nowNs()) } : {});
  const response = (status: Status): object =>
    responseOf(plan, request, identity, status, status === "in_progress" ? [] : itemsOf(plan, identity));
  const messageAt = thinks(plan) ? 1 : 0;
  const inMessage = { item_id: messageId(identity), output_index: messageAt, content_index: 0 };
  const item = (what: "added" | "done", output_index: number, shown: object): string =>
    event(`response.output_item.${what}`, { output_index, item: shown });
  const messageDone = (): string => {
    const text = joinedText(plan);
    return (
      event("response.output_text.done", { ...inMessage, text, logprobs: [] }) +
      event("response.content_part.done", { ...inMessage, part: outputText(text) }) +
      item("done", messageAt, message(identity, endOf(plan), [outputText(text)]))
    );
  };
  return {
    begin() {
      const created = event("response.created", { response: response("in_progress") });
      const begun = created + event("response.in_progress", { response: response("in_progress") });
      const thought = thinks(plan) ? thoughtEvents(plan, identity, event) : "";
      if (!speaks(plan)) return begun + thought;
      const opened = item("added", messageAt, message(identity, "in_progress", []));
      return begun + thought + opened + event("response.content_part.added", { ...inMessage, part: outputText("") });
    },
    content: (at) =>
      event("response.output_text.delta", { ...inMessage, delta: plan.chunkText(at), logprobs: [], ...stamp() }),
    toolCalls() {
      const first = messageAt + (speaks(plan) ? 1 : 0);
      const closed = speaks(plan) ? [messageDone()] : [];
      return plan.toolCalls.reduce<string[]>((events, call, index) => {
        const output_index = first + index;
        const at = { item_id: callItemId(identity, index), output_index };
        const half = call.arguments.length >> 1;
        events.push(item("added", output_index, callItem(call, index, identity, "in_progress")));
        for (const delta of [call.arguments.slice(0, half), call.arguments.slice(half)]) {
          events.push(event("response.function_call_arguments.delta", { ...at, delta }));
        }
        const { name, arguments: json } = call;
        events.push(event("response.function_call_arguments.done", { ...at, name, arguments: json }));
        events.push(item("done", output_index, callItem(call, index, identity, "completed")));
        return events;
      }, closed);
    },
    end: () => [
      {
        text: event(`response.${endOf(plan)}`, { response: response(endOf(plan)) }),
        ...(plan.usage && { usage: plan.usage }),
      },
    ],
    error(said, type = "server_error") {
      const error = { type, code: type, message: said, param: null };
      const failed = { ...response("failed"), error: { code: type, message: said }, usage: null };
      return event("error", { error }) + event("response.failed", { response: failed });
    },
  };
}
