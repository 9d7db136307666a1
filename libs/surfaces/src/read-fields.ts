// What every surface reads alike: the bytes, the model, and fields of a type, each refused by its name.
import { WaybillError } from "@waybill/domain";
import { removeField } from "./json-body/remove-field.ts";
import { type ScannedBody, scanBody } from "./json-body/scan-body.ts";
import { readRoutingConfig } from "./routing-config.ts";

const MODEL_CHARACTERS_MAX = 256;
const METADATA_BYTES_MAX = 4_096;
const END_USER_CHARACTERS_MAX = 256;
const OUTPUT_TOKENS_MAX = 100_000_000;

type Values = Record<string, unknown>;

/**
 * Scans a body once and takes `routing_config` out of its bytes; they are copied only when that field is there. Throws
 * WaybillError that names the first field at fault.
 */
export function readBody(bytes: Buffer) {
  const { value, fields, insertAt }: ScannedBody = scanBody(bytes);
  const forProvider = removeField({ body: bytes, fields }, "routing_config");
  return {
    value,
    ...forProvider,
    insertAt,
    routing: readRoutingConfig(value.routing_config),
    model: modelOf(value),
    stream: optional(value, "stream", isBoolean, "true or false") ?? false,
  };
}

function modelOf({ model }: Values): string {
  if (typeof model !== "string" || model === "" || model.length > MODEL_CHARACTERS_MAX) {
    throw invalid("model", `a text of 1 to ${MODEL_CHARACTERS_MAX} characters`);
  }
  return model;
}

/** A field that may be absent or null, of one type. */
export function optional<T>(
  value: Values,
  name: string,
  is: (given: unknown) => given is T,
  expected: string,
): T | undefined {
  const given = value[name];
  if (given === undefined || given === null) return undefined;
  if (!is(given)) throw invalid(name, expected);
  return given;
}

/** A limit of output tokens; undefined: not said. */
export function tokenLimit(value: Values, name: string): number | undefined {
  return optional(value, name, isTokenLimit, "a positive whole number");
}

/** The limit that holds: the one that is given, else the default, else `usual`. */
export function limitOrDefault(
  given: number | undefined,
  byDefault: number,
  usual = 0,
): { maxOutputTokens: number; isDefaultLimit: boolean } {
  if (given !== undefined || byDefault === 0) return { maxOutputTokens: given ?? usual, isDefaultLimit: false };
  return { maxOutputTokens: byDefault, isDefaultLimit: true };
}

/** `metadata` as OpenAI's surfaces have it: texts by name. */
export function textMetadata(value: Values): Readonly<Record<string, string>> {
  const given = optional(value, "metadata", isObject, "an object");
  if (!given) return {};
  const metadata: Record<string, string> = Object.create(null);
  let bytes = 0;
  for (const [name, text] of Object.entries(given)) {
    if (typeof text !== "string") throw invalid(`metadata.${name}`, "text");
    bytes += name.length + text.length;
    metadata[name] = text;
  }
  if (bytes > METADATA_BYTES_MAX) throw invalid("metadata", `at most ${METADATA_BYTES_MAX} bytes in all`);
  return metadata;
}

/** Whether `stream_options`, as OpenAI's surfaces have it, asks for usage. */
export function wantsUsage(streamOptions: Record<string, unknown>): boolean {
  const wanted = streamOptions.include_usage;
  if (wanted === undefined || wanted === null) return false;
  if (typeof wanted !== "boolean") throw invalid("stream_options.include_usage", "true or false");
  return wanted;
}

export function endUser(given: string | undefined): string {
  return (given ?? "").slice(0, END_USER_CHARACTERS_MAX);
}

export function invalid(param: string, expected: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage: `${param} must be ${expected}.`, param });
}

export const isBoolean = (given: unknown): given is boolean => typeof given === "boolean";
export const isString = (given: unknown): given is string => typeof given === "string";
export const isNumber = (given: unknown): given is number => typeof given === "number" && Number.isFinite(given);
export const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given);
const isTokenLimit = (given: unknown): given is number =>
  Number.isInteger(given) && (given as number) >= 1 && (given as number) <= OUTPUT_TOKENS_MAX;
