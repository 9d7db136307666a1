// Reads the few fields of a request that the scripted provider acts on. As lax as a provider may be: everything
// else is ignored here and only kept as bytes in the log.

import type { ScriptedRequest } from "./plan.ts";
import { parseScripts, type Scripts } from "./script.ts";
import type { ParsedRequest } from "./voices/voice.ts";

/** Every model so named exists, and no vendor's is ever so named; and one by a name of OpenAI's, for what goes by names. */
const MODEL = /^(?:scripted-|gpt-4o$)/;
const CHOICES_MAX = 16;

export function readChatRequest(body: Buffer, modelInPath?: string): ParsedRequest {
  return readScripted(body, (fields) => ({
    model: modelInPath ?? fields.model,
    stream: fields.stream === true,
    includeUsage: wantsUsage(fields.stream_options),
    maxTokens: tokenLimit(fields.max_completion_tokens) ?? tokenLimit(fields.max_tokens),
    choices: fields.n ?? 1,
  }));
}

/** What a format has said, its model and choices not checked yet. */
type Given = Omit<ScriptedRequest, "model" | "choices"> & { readonly model: unknown; readonly choices: unknown };

/** `given` finds in the body's fields what the provider acts on; a script may stand in any format's body. */
export function readScripted(body: Buffer, given: (fields: Record<string, unknown>) => Given): ParsedRequest {
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
  const { model, choices, ...rest } = given(fields);
  if (typeof model !== "string") return { ok: false, status: 400, problem: "model must be a string" };
  if (!MODEL.test(model)) {
    return { ok: false, status: 404, problem: `The model \`${model}\` does not exist` };
  }
  let scripts: Scripts | undefined;
  if (fields.x_script !== undefined) {
    const parsed = parseScripts(fields.x_script);
    if (!parsed.ok) return { ok: false, status: 400, problem: `x_script: ${parsed.problems.join("; ")}` };
    scripts = parsed.scripts;
  }
  if (typeof choices !== "number" || !Number.isInteger(choices) || choices < 1 || choices > CHOICES_MAX) {
    return { ok: false, status: 400, problem: `n must be a whole number from 1 to ${CHOICES_MAX}` };
  }
  return {
    ok: true,
    scripts,
    request: { model, choices, ...rest },
  };
}

export function wantsUsage(streamOptions: unknown): boolean {
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
