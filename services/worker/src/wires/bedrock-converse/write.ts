// The internal form -> a Converse request. Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
// and the types of @aws-sdk/client-bedrock-runtime 3.1164.0.
import { WaybillError } from "@waybill/domain";
import type { Conversation, Format, Tool } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import { limitPerChoice } from "../openai-chat/patch.ts";
import type { WrittenRequest } from "../wire.ts";
import { cachePoint, writeMessages, writeSystem } from "./write-turns.ts";

/** Whose model it is: what Converse has no field for goes in the maker's own words. */
type Maker = "anthropic" | "openai" | "other";

export function writeConverse(conversation: Conversation, waybill: Waybill): WrittenRequest {
  if (conversation.choiceCount > 1) {
    throw new WaybillError("invalid_value", { publicMessage: "Bedrock answers with one choice.", param: "n" });
  }
  const { sampling } = conversation;
  const maker = makerOf(waybill.target?.upstreamModel ?? "");
  const { fields, effort, dropped } = writeReasoning(conversation, maker);
  if (sampling.topK !== undefined) {
    if (maker === "anthropic") fields.top_k = sampling.topK;
    else dropped.push("top_k");
  }
  const limit = waybill.maxOutputTokens > 0n ? Number(limitPerChoice(waybill)) : conversation.maxOutputTokens;
  const hasStop = sampling.stop.length > 0;
  const textFormat = writeFormat(conversation.format);
  const body = {
    messages: writeMessages(conversation),
    system: writeSystem(conversation),
    inferenceConfig: {
      maxTokens: limit,
      temperature: sampling.temperature,
      topP: sampling.topP,
      stopSequences: hasStop ? sampling.stop : undefined,
    },
    toolConfig: writeToolConfig(conversation, dropped),
    outputConfig: textFormat || effort ? { textFormat, effort } : undefined,
    additionalModelRequestFields: Object.keys(fields).length > 0 ? fields : undefined,
    // Ignored by a model that does not have it.
    additionalModelResponseFieldPaths: hasStop ? ["/stop_sequence"] : undefined,
  };
  return { body, dropped: [...dropped, ...droppedOf(conversation)] };
}

/** Also of an inference profile, us.anthropic.claude-…, and of an ARN that names the model. */
function makerOf(model: string): Maker {
  if (/(?:^|[./])anthropic\./.test(model)) return "anthropic";
  return /(?:^|[./])openai\./.test(model) ? "openai" : "other";
}

function droppedOf({ sampling, logprobs, format, parallelToolCalls, tools }: Conversation): string[] {
  const asked: Readonly<Record<string, boolean>> = {
    seed: sampling.seed !== undefined,
    presence_penalty: sampling.presencePenalty !== undefined,
    frequency_penalty: sampling.frequencyPenalty !== undefined,
    logprobs: logprobs !== undefined,
    response_format: format?.kind === "json",
    parallel_tool_calls: parallelToolCalls === false && tools.length > 0,
  };
  return Object.keys(asked).filter((name) => asked[name]);
}

interface WrittenReasoning {
  fields: Record<string, unknown>;
  effort: string | undefined;
  dropped: string[];
}

/** An effort below the lowest, or none, is said as the lowest by models that always think, and by not asking for any by others. */
function writeReasoning({ reasoning }: Conversation, maker: Maker): WrittenReasoning {
  const { effort, budgetTokens } = reasoning ?? {};
  const written: WrittenReasoning = { fields: {}, effort: undefined, dropped: [] };
  if (maker === "anthropic") {
    if (budgetTokens) written.fields.thinking = { type: "enabled", budget_tokens: budgetTokens };
    if (effort !== undefined && effort !== "none") written.effort = effort === "minimal" ? "low" : effort;
  } else if (maker === "openai") {
    if (effort !== undefined) written.fields.reasoning_effort = LOWEST_IS_LOW.has(effort) ? "low" : effort;
    else if (budgetTokens !== undefined) written.dropped.push("thinking");
  } else if (effort !== undefined) written.dropped.push("reasoning_effort");
  else if (budgetTokens !== undefined) written.dropped.push("thinking");
  return written;
}
const LOWEST_IS_LOW: ReadonlySet<string> = new Set(["none", "minimal"]);

function writeFormat(format: Format | undefined): object | undefined {
  if (format?.kind !== "json_schema") return undefined;
  const { name, schema } = format;
  return { type: "json_schema", structure: { jsonSchema: { schema: JSON.stringify(schema), name } } };
}

/** Converse refuses calls in `messages` without the tools, and has no way to say that none may be used. */
function writeToolConfig(conversation: Conversation, dropped: string[]): object | undefined {
  const { toolChoice: choice, turns } = conversation;
  const called = turns.flatMap((turn) =>
    turn.role === "assistant" ? turn.parts.flatMap((part) => (part.kind === "tool_call" ? [part.name] : [])) : [],
  );
  const mayUse = choice?.kind !== "none" && conversation.tools.length > 0;
  if (!mayUse && called.length === 0) return undefined;
  if (!mayUse && conversation.tools.length > 0) dropped.push("tool_choice");
  const tools =
    conversation.tools.length > 0 ? conversation.tools.flatMap(writeTool) : [...new Set(called)].map(nameless);
  if (!mayUse || !choice) return { tools };
  const toolChoice =
    choice.kind === "tool" ? { tool: { name: choice.name } } : { [choice.kind === "required" ? "any" : "auto"]: {} };
  return { tools, toolChoice };
}

function writeTool({ name, description, parameters, strict, cache }: Tool): object[] {
  const about = { ...(description !== "" && { description }), ...(strict !== undefined && { strict }) };
  return [{ toolSpec: { name, ...about, inputSchema: { json: parameters } } }, ...cachePoint(cache)];
}

/** A tool of which only the name is known any more. */
function nameless(name: string): object {
  return { toolSpec: { name, inputSchema: { json: { type: "object" } } } };
}
