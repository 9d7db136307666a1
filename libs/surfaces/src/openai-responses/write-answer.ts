// The internal form of an answer -> a whole response.
import type { Answer, AnswerChoice, AnswerPart } from "../conversation/answer.ts";
import type { AnswerFacts } from "../surface.ts";
import {
  type ContentPart,
  callItem,
  type ItemStatus,
  incompleteReason,
  itemId,
  messageItem,
  reasoningItem,
  responseOf,
} from "./response.ts";

/** Other choices than the first have no place here, and are never asked for. */
export function writeResponse({ id, model, choices, usage }: Answer, facts: AnswerFacts): object {
  const [choice] = choices;
  const reason = incompleteReason(choice?.finish ?? "stop");
  return responseOf({
    id: id || facts.attemptId,
    model: model || facts.model,
    createdUnixSeconds: facts.createdUnixSeconds,
    status: reason === undefined ? "completed" : "incomplete",
    output: choice ? itemsOf(choice, facts.attemptId, reason !== undefined) : [],
    reason,
    usage,
  });
}

type Item = { kind: "message"; parts: ContentPart[] } | Exclude<AnswerPart, { kind: "text" | "refusal" }>;

function itemsOf({ parts, logprobs }: AnswerChoice, attemptId: string, isCut: boolean): object[] {
  const items: Item[] = [];
  for (const part of parts) {
    if (part.kind !== "text" && part.kind !== "refusal") {
      items.push(part);
      continue;
    }
    const last = items.at(-1);
    // Where tokens have probabilities there is one text.
    const content: ContentPart = part.kind === "text" ? { ...part, logprobs } : part;
    if (last?.kind === "message") last.parts.push(content);
    else items.push({ kind: "message", parts: [content] });
  }
  const statusAt = (index: number): ItemStatus => (isCut && index === items.length - 1 ? "incomplete" : "completed");
  return items.map((item, index) => writeItem(item, attemptId, index, statusAt(index)));
}

function writeItem(item: Item, attemptId: string, index: number, status: ItemStatus): object {
  switch (item.kind) {
    case "message":
      return messageItem(itemId("msg", attemptId, index), item.parts, status);
    case "reasoning":
      return reasoningItem(itemId("rs", attemptId, index), item);
    case "tool_call":
      return callItem(itemId("fc", attemptId, index), { ...item, argumentsJson: item.argumentsJson || "{}" }, status);
  }
}
