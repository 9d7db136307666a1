// A whole answer, put together from its events.
import { ERRORS, type ReportedUsage } from "@waybill/domain";
import type { AnswerEvent, FinishReason } from "./answer-event.ts";

export interface Answer {
  /** Empty: the provider did not say. */
  id: string;
  model: string;
  /** By their number. */
  choices: AnswerChoice[];
  usage: ReportedUsage | undefined;
}

export interface AnswerChoice {
  parts: AnswerPart[];
  finish: FinishReason;
  stopSequence: string;
  logprobs: readonly unknown[];
}

/** In the order in which they came. */
export type AnswerPart =
  | { kind: "text"; text: string }
  | { kind: "refusal"; text: string }
  | { kind: "reasoning"; text: string; signature: string; sealed: string }
  | { kind: "tool_call"; id: string; name: string; argumentsJson: string };

type Failure = Extract<AnswerEvent, { kind: "failure" }>;

/** The answer, or the failure among its events; of an answer with a choice that did not say how it finished, upstream_truncated. */
export function assembleAnswer(events: readonly AnswerEvent[]): Answer | Failure {
  const answer: Answer = { id: "", model: "", choices: [], usage: undefined };
  const finished = new Set<number>();
  for (const event of events) {
    if (event.kind === "failure") return event;
    if (event.kind === "finish") finished.add(event.choice);
    take(answer, event);
  }
  if (answer.choices.every((_, index) => finished.has(index))) return answer;
  return { kind: "failure", code: "upstream_truncated", message: ERRORS.upstream_truncated.sentence, retryAfterMs: 0 };
}

function take(answer: Answer, event: Exclude<AnswerEvent, Failure>): void {
  switch (event.kind) {
    case "begin":
      answer.id = event.id;
      answer.model = event.model;
      return;
    case "usage":
      answer.usage = event.usage;
      return;
    case "end":
      return;
    default:
      takeOfChoice(choiceAt(answer, event.choice), event);
  }
}

function takeOfChoice(choice: AnswerChoice, event: Extract<AnswerEvent, { choice: number }>): void {
  const last = choice.parts.at(-1);
  switch (event.kind) {
    case "text":
    case "refusal":
      if (last?.kind === event.kind) last.text += event.text;
      else choice.parts.push({ kind: event.kind, text: event.text });
      return;
    case "reasoning":
      if (last?.kind === "reasoning" && last.signature === "" && last.sealed === "") last.text += event.text;
      else choice.parts.push({ kind: "reasoning", text: event.text, signature: "", sealed: "" });
      return;
    case "reasoning_signature":
      if (last?.kind === "reasoning") last.signature += event.signature;
      else choice.parts.push({ kind: "reasoning", text: "", signature: event.signature, sealed: "" });
      return;
    case "reasoning_sealed":
      choice.parts.push({ kind: "reasoning", text: "", signature: "", sealed: event.sealed });
      return;
    case "tool_call":
      choice.parts.push({ kind: "tool_call", id: event.id, name: event.name, argumentsJson: "" });
      return;
    case "tool_arguments": {
      const call = choice.parts.filter((part) => part.kind === "tool_call")[event.call];
      if (call) call.argumentsJson += event.json;
      return;
    }
    case "logprobs":
      choice.logprobs = [...choice.logprobs, ...event.content];
      return;
    case "finish":
      choice.finish = event.reason;
      choice.stopSequence = event.stopSequence;
      return;
    case "broken":
      return;
  }
}

function choiceAt(answer: Answer, index: number): AnswerChoice {
  let choice = answer.choices[index];
  if (!choice) {
    choice = { parts: [], finish: "stop", stopSequence: "", logprobs: [] };
    answer.choices[index] = choice;
  }
  return choice;
}
