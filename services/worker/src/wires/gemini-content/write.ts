// The internal form -> a GenerateContentRequest. Source: https://ai.google.dev/api/generate-content (v1beta) and the types of
// @google/genai 2.32.0.
import {
  type Conversation,
  type Format,
  hasCacheMarks,
  type Reasoning,
  type Tool,
  type ToolChoice,
} from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import { limitPerChoice } from "../openai-chat/patch.ts";
import type { WrittenRequest } from "../wire.ts";
import { systemInstruction, writeTurns } from "./write-turns.ts";

/** From here on the effort is a level; before, it was a budget. https://ai.google.dev/gemini-api/docs/thinking */
const TAKES_LEVELS = /^(?:models\/)?gemini-(?:[3-9]|\d{2})/;
/** Of Gemini 2.5: as Google's own OpenAI endpoint translates an effort. https://ai.google.dev/gemini-api/docs/openai#thinking */
const BUDGETS = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
} as const;
/** A level below MINIMAL, and one above HIGH, does not exist. */
const LEVELS = {
  none: "MINIMAL",
  minimal: "MINIMAL",
  low: "LOW",
  medium: "MEDIUM",
  high: "HIGH",
  xhigh: "HIGH",
  max: "HIGH",
} as const;

export function writeContent(conversation: Conversation, waybill: Waybill): WrittenRequest {
  const { tools, sampling } = conversation;
  const upstreamModel = waybill.target?.upstreamModel ?? "";
  const takesLevels = TAKES_LEVELS.test(upstreamModel);
  const limit = waybill.maxOutputTokens > 0n ? Number(limitPerChoice(waybill)) : conversation.maxOutputTokens;
  const body = {
    contents: writeTurns(conversation, takesLevels),
    systemInstruction: systemInstruction(conversation),
    tools: tools.length > 0 ? [{ functionDeclarations: tools.map(writeTool) }] : undefined,
    toolConfig: tools.length > 0 ? writeToolChoice(conversation.toolChoice) : undefined,
    generationConfig: {
      candidateCount: conversation.choiceCount > 1 ? conversation.choiceCount : undefined,
      maxOutputTokens: limit,
      temperature: sampling.temperature,
      topP: sampling.topP,
      topK: sampling.topK,
      stopSequences: sampling.stop.length > 0 ? sampling.stop : undefined,
      seed: sampling.seed,
      presencePenalty: sampling.presencePenalty,
      frequencyPenalty: sampling.frequencyPenalty,
      responseLogprobs: conversation.logprobs === undefined ? undefined : true,
      logprobs: conversation.logprobs || undefined,
      ...writeFormat(conversation.format),
      thinkingConfig: writeThinking(conversation.reasoning, takesLevels),
    },
  };
  return { body, dropped: droppedOf(conversation) };
}

function droppedOf(conversation: Conversation): string[] {
  const { parallelToolCalls, tools } = conversation;
  const dropped: string[] = [];
  if (parallelToolCalls === false && tools.length > 0) dropped.push("parallel_tool_calls");
  if (tools.some(({ strict }) => strict === true)) dropped.push("strict");
  // What it caches it decides itself; a cache of one's own is a thing with a name and a lifetime.
  if (hasCacheMarks(conversation)) dropped.push("cache_control");
  return dropped;
}

function writeTool({ name, description, parameters }: Tool): object {
  return { name, ...(description !== "" && { description }), parametersJsonSchema: parameters };
}

function writeToolChoice(choice: ToolChoice | undefined): object | undefined {
  if (!choice) return undefined;
  const config =
    choice.kind === "tool"
      ? { mode: "ANY", allowedFunctionNames: [choice.name] }
      : { mode: ({ auto: "AUTO", none: "NONE", required: "ANY" } as const)[choice.kind] };
  return { functionCallingConfig: config };
}

function writeFormat(format: Format | undefined): object {
  if (!format) return {};
  const responseMimeType = "application/json";
  return format.kind === "json" ? { responseMimeType } : { responseMimeType, responseJsonSchema: format.schema };
}

/** Who asks how hard it shall think also wants to see that it does. */
function writeThinking(reasoning: Reasoning | undefined, takesLevels: boolean): object | undefined {
  if (!reasoning) return undefined;
  const { effort, budgetTokens } = reasoning;
  const includeThoughts = effort !== "none" && budgetTokens !== 0;
  if (budgetTokens !== undefined) return { includeThoughts, thinkingBudget: budgetTokens };
  if (effort === undefined) return undefined;
  return {
    includeThoughts,
    ...(takesLevels ? { thinkingLevel: LEVELS[effort] } : { thinkingBudget: BUDGETS[effort] }),
  };
}
