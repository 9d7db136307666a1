// Which texts of a request, and of an answer, are there to be read: by a model or by whom it answers. For content filters, so it is
// decided by what is surely none: names, ids, kinds and encoded bytes.
import { rewriteTexts } from "./json-body/rewrite-texts.ts";

/** What a text becomes. `isJson`: it is JSON itself, as the arguments of a tool are. */
export type ChangeModelText = (text: string, isJson: boolean) => string;

/** Fields of requests that no model reads. */
const FOR_OTHERS: ReadonlySet<string> = new Set([
  ...["model", "user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier", "previous_response_id"],
]);
/** Fields that hold a name or an id, as far as what they hold looks like one. */
const NAMES: ReadonlySet<string> = new Set([
  ...["type", "role", "id", "name", "tool_call_id", "tool_use_id", "call_id", "item_id", "status", "media_type"],
  ...["finish_reason", "stop_reason", "object", "format", "detail"],
]);
const NAME = /^[A-Za-z][A-Za-z0-9_./-]{0,127}$/;
/** Fields that hold encoded bytes, as far as what they hold looks like them. */
const BYTES: ReadonlySet<string> = new Set(["data", "file_data", "signature", "encrypted_content"]);
const ENCODED = /^[A-Za-z0-9+/_=-]{64,}$/;
const DATA_URL = /^data:[^,]{0,200};base64,/;
const JSON_TEXTS: ReadonlySet<string> = new Set(["arguments"]);

/** The body of a request with its texts changed, the tools it offers included; any surface's. Other bytes stay as they are. */
export function rewriteRequestTexts(body: Buffer, change: ChangeModelText): Buffer {
  return rewriteTexts(body, (text, keys) =>
    FOR_OTHERS.has(keys[0] ?? "") || !isRead(text, keys) ? text : change(text, isJsonText(keys)),
  );
}

/** The body of a whole answer with the texts below `fields` changed. */
export function rewriteAnswerTexts(body: Buffer, fields: readonly string[], change: ChangeModelText): Buffer {
  return rewriteTexts(body, (text, keys) =>
    !fields.includes(keys[0] ?? "") || !isRead(text, keys) ? text : change(text, isJsonText(keys)),
  );
}

function isJsonText(keys: readonly string[]): boolean {
  return JSON_TEXTS.has(keys.at(-1) ?? "");
}

function isRead(text: string, keys: readonly string[]): boolean {
  if (text === "" || DATA_URL.test(text)) return false;
  const field = keys.at(-1) ?? "";
  if (BYTES.has(field) && ENCODED.test(text)) return false;
  // What a tool is called with may have any field.
  const isToolInput = keys.indexOf("input", 1) > 0 && keys.at(-1) !== "input";
  return isToolInput || !(NAMES.has(field) && NAME.test(text));
}
