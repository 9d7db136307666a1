// Reads the few fields of a request that the scripted provider acts on. As lax as a provider may be: everything
// else is ignored here and only kept as bytes in the log.

import { parseScripts, type Scripts } from "./script.ts";
import type { ParsedRequest } from "./voices/voice.ts";

/** Every model so named exists; no vendor's model is ever so named. */
const MODEL_PREFIX = "scripted-";
const CHOICES_MAX = 16;

/** What requests of every format have: a body in JSON, a model that exists, perhaps a script. */
export type ParsedFields =
  | {
      readonly ok: true;
      readonly fields: Record<string, unknown>;
      readonly model: string;
      readonly scripts: Scripts | undefined;
    }
  | { readonly ok: false; readonly status: number; readonly problem: string };

/** `pathModel`: where the model stands in the path and not in the body. */
export function readFields(body: Buffer, pathModel?: string): ParsedFields {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return { ok: false, status: 400, problem: "the body is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, status: 400, problem: "the body is not a JSON object" };
  }
  const fields = value as Record<string, unknown>;
  const model = pathModel ?? fields.model;
  if (typeof model !== "string") return { ok: false, status: 400, problem: "model must be a string" };
  if (!model.startsWith(MODEL_PREFIX)) {
    return { ok: false, status: 404, problem: `The model \`${model}\` does not exist` };
  }
  if (fields.x_script === undefined) return { ok: true, fields, model, scripts: undefined };
  const parsed = parseScripts(fields.x_script);
  if (!parsed.ok) return { ok: false, status: 400, problem: `x_script: ${parsed.problems.join("; ")}` };
  return { ok: true, fields, model, scripts: parsed.scripts };
}

export function readChatRequest(body: Buffer): ParsedRequest {
  const parsed = readFields(body);
  if (!parsed.ok) return parsed;
  const { fields, model, scripts } = parsed;
  const choices = fields.n ?? 1;
  if (typeof choices !== "number" || !Number.isInteger(choices) || choices < 1 || choices > CHOICES_MAX) {
    return { ok: false, status: 400, problem: `n must be a whole number from 1 to ${CHOICES_MAX}` };
  }
  return {
    ok: true,
    scripts,
    request: {
      model,
      stream: fields.stream === true,
      includeUsage: wantsUsage(fields.stream_options),
      maxTokens: tokenLimit(fields.max_completion_tokens) ?? tokenLimit(fields.max_tokens),
      choices,
    },
  };
}

function wantsUsage(streamOptions: unknown): boolean {
  return (
    typeof streamOptions === "object" &&
    streamOptions !== null &&
    "include_usage" in streamOptions &&
    streamOptions.include_usage === true
  );
}

/** Undefined: not said. */
export function tokenLimit(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}
