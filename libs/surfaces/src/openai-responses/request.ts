// A Responses request as far as the gateway reads it. Field list and types: openai 6.49.0, ResponseCreateParamsBase. Waybill keeps
// no responses: what refers to one that a provider keeps is refused by its name.
import type { AskedRequest } from "../asked-request.ts";
import {
  endUser,
  invalid,
  isBoolean,
  isObject,
  isString,
  limitOrDefault,
  optional,
  readBody,
  textMetadata,
  tokenLimit,
} from "../read-fields.ts";
import { sizeInput } from "./input-size.ts";
import { isPriceUnbounded } from "./price-unbounded.ts";

const LEFT_OUT = "left out: Waybill keeps no responses, send the whole conversation as input";

/** Throws WaybillError that names the first field at fault. */
export function readResponsesRequest(bytes: Buffer, maxOutputTokensDefault = 0): AskedRequest {
  const read = readBody(bytes);
  const { value, fields } = read;
  refuseState(value);
  optional(value, "instructions", isString, "text");
  const items = itemsOf(value);
  const tools = optional(value, "tools", Array.isArray, "an array") ?? [];
  const size = sizeInput({ fields, items, tools, instructions: value.instructions });
  const text = optional(value, "text", isObject, "an object");
  const user = optional(value, "user", isString, "text");
  return {
    surface: "openai-responses",
    ...read,
    // Usage is part of every answer here.
    wantsUsage: true,
    ...limitOrDefault(tokenLimit(value, "max_output_tokens"), maxOutputTokensDefault),
    choiceCount: 1,
    wantsEmbeddings: false,
    hasTools: tools.length > 0,
    hasJsonSchema: isObject(text?.format) && text.format.type === "json_schema",
    metadata: textMetadata(value),
    endUserId: endUser(optional(value, "safety_identifier", isString, "text") ?? user),
    size,
    isPriceUnbounded: isPriceUnbounded({ value, tools }, size),
  };
}

function refuseState(value: Record<string, unknown>): void {
  for (const name of ["previous_response_id", "conversation"]) {
    if (value[name] !== undefined && value[name] !== null) throw invalid(name, LEFT_OUT);
  }
  if (optional(value, "background", isBoolean, "true or false")) {
    throw invalid("background", "false or left out: Waybill keeps no responses to be asked for later");
  }
}

/** What is measured: a text is one. Only a stored prompt may bring the input itself. */
function itemsOf({ input, prompt }: Record<string, unknown>): readonly unknown[] {
  const isPrompted = prompt !== undefined && prompt !== null;
  if (isPrompted && (input === undefined || input === null)) return [];
  if (typeof input === "string") return [input];
  if (!Array.isArray(input) || (input.length === 0 && !isPrompted)) {
    throw invalid("input", "text or an array with at least one item");
  }
  for (const [index, item] of input.entries()) {
    if (!isObject(item)) throw invalid(`input[${index}]`, "an object");
    if (isReference(item))
      throw invalid(`input[${index}]`, `an item and not a reference to one: it must be ${LEFT_OUT}`);
  }
  return input;
}

/** Its type may be left out. */
function isReference({ type, role, id }: Record<string, unknown>): boolean {
  const hasType = type !== undefined && type !== null;
  return hasType ? type === "item_reference" : role === undefined && typeof id === "string";
}
