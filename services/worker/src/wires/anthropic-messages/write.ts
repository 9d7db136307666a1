// The internal form -> a Messages request. Source of the fields: @anthropic-ai/sdk 0.120.0 and 1.12.0, MessageCreateParamsBase.
import { WaybillError } from "@waybill/domain";
import type { Conversation, Tool } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import type { WrittenRequest } from "../wire.ts";
import { writeSystem, writeTurns } from "./write-turns.ts";

/** The API requires a limit. Where neither client nor hold says one, every model that is still served can do this. */
const OUTPUT_TOKENS_DEFAULT = 8_192;
/** The least that the API takes as a thinking budget. */
const THINKING_TOKENS_MIN = 1_024;
/** Models that know thinking budgets and no effort. https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking */
const WANTS_BUDGET = /claude-(?:3-|(?:opus|sonnet|haiku)-4(?:-[01])?(?:-\d{8})?$)/;
const BUDGET_OF_EFFORT: Readonly<Record<string, number>> = { minimal: 1_024, low: 2_048, medium: 8_192, high: 16_384 };
const BUDGET_MAX = 32_768;
const JSON_ONLY = "Answer with one JSON object and nothing else.";

/** Throws WaybillError invalid_value for what a Messages request has no place for. */
export function writeMessages(conversation: Conversation, waybill: Waybill): WrittenRequest {
  if (conversation.choiceCount > 1) {
    throw new WaybillError("invalid_value", { publicMessage: "n must be 1 for this model.", param: "n" });
  }
  const { sampling, tools, format, logprobs, toolChoice } = conversation;
  const dropped: string[] = [];
  const drop = (name: string, isAsked: boolean): void => void (isAsked && dropped.push(name));
  drop("seed", sampling.seed !== undefined);
  drop("presence_penalty", (sampling.presencePenalty ?? 0) !== 0);
  drop("frequency_penalty", (sampling.frequencyPenalty ?? 0) !== 0);
  drop("logprobs", logprobs !== undefined);
  const maxTokens =
    waybill.maxOutputTokens > 0n
      ? Number(waybill.maxOutputTokens)
      : (conversation.maxOutputTokens ?? OUTPUT_TOKENS_DEFAULT);
  const upstreamModel = waybill.target?.upstreamModel ?? "";
  const { thinking, effort } = writeReasoning(conversation.reasoning, upstreamModel, maxTokens);
  const isThinking = thinking !== undefined && "budget_tokens" in thinking;
  // Sampling and thinking exclude each other, and of the two ways to sample only one is taken.
  drop("temperature", sampling.temperature !== undefined && (isThinking || sampling.temperature > 1));
  drop("top_k", sampling.topK !== undefined && isThinking);
  drop("top_p", sampling.topP !== undefined && (isThinking || sampling.temperature !== undefined));
  const jsonOnly = format?.kind === "json" ? [{ type: "text", text: JSON_ONLY }] : [];
  const system = [...writeSystem(conversation), ...jsonOnly];
  const schema = format?.kind === "json_schema" ? { type: "json_schema", schema: format.schema } : undefined;
  const body = {
    model: upstreamModel,
    max_tokens: maxTokens,
    system: system.length > 0 ? system : undefined,
    messages: writeTurns(conversation.turns),
    stream: waybill.stream || undefined,
    temperature: isThinking || sampling.temperature === undefined ? undefined : Math.min(1, sampling.temperature),
    top_p: isThinking || sampling.temperature !== undefined ? undefined : sampling.topP,
    top_k: isThinking ? undefined : sampling.topK,
    stop_sequences: sampling.stop.length > 0 ? sampling.stop : undefined,
    tools: tools.length > 0 ? tools.map(writeTool) : undefined,
    tool_choice: tools.length > 0 ? writeToolChoice(toolChoice, conversation.parallelToolCalls) : undefined,
    thinking,
    output_config: schema || effort ? { ...(effort && { effort }), ...(schema && { format: schema }) } : undefined,
    metadata: conversation.endUserId === "" ? undefined : { user_id: conversation.endUserId },
  };
  return { body, dropped };
}

function writeReasoning(
  reasoning: Conversation["reasoning"],
  upstreamModel: string,
  maxTokens: number,
): { thinking: object | undefined; effort: string | undefined } {
  const nothing = { thinking: undefined, effort: undefined };
  if (!reasoning) return nothing;
  const { effort, budgetTokens } = reasoning;
  if (effort === "none") return { ...nothing, thinking: { type: "disabled" } };
  const wantsBudget = budgetTokens !== undefined || WANTS_BUDGET.test(upstreamModel);
  if (!wantsBudget) return { ...nothing, effort: effort === "minimal" ? "low" : effort };
  const wanted = budgetTokens ?? BUDGET_OF_EFFORT[effort ?? ""] ?? BUDGET_MAX;
  // The budget is part of the limit, and something must be left for the answer.
  const budget = Math.min(wanted, maxTokens - 1);
  return budget < THINKING_TOKENS_MIN ? nothing : { ...nothing, thinking: { type: "enabled", budget_tokens: budget } };
}

function writeTool({ name, description, parameters, strict, cache }: Tool): object {
  return {
    name,
    ...(description !== "" && { description }),
    input_schema: { type: "object", ...parameters },
    ...(strict === true && { strict }),
    ...(cache && { cache_control: { type: "ephemeral", ttl: cache } }),
  };
}

function writeToolChoice(choice: Conversation["toolChoice"], isParallel: boolean | undefined): object | undefined {
  const parallel = isParallel === false ? { disable_parallel_tool_use: true } : {};
  switch (choice?.kind) {
    case "tool":
      return { type: "tool", name: choice.name, ...parallel };
    case "required":
      return { type: "any", ...parallel };
    case "none":
      return { type: "none" };
    case "auto":
      return { type: "auto", ...parallel };
    default:
      return isParallel === false ? { type: "auto", ...parallel } : undefined;
  }
}
