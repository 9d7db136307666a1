// body.*: what a route's conditions may know of the body itself. Never what the model reads.
import type { AskedRequest } from "@waybill/surfaces";

const BODY_JSON_BYTES_MAX = 4_096;
/** A longer text is no setting but something to be read; it would also push out what comes after it. */
const TEXT_CHARACTERS_MAX = 1_024;
const READ_BY_MODEL: ReadonlySet<string> = new Set([
  "messages",
  "input",
  "prompt",
  "suffix",
  "system",
  "tools",
  "instructions",
]);

/**
 * The top-level texts, numbers and booleans and `metadata` as one JSON object of at most 4 KiB, fields in the order of the
 * body; what does not fit is left out. Empty for a model that is no route: nobody would ask.
 */
export function bodyJson({ model, fields, value }: AskedRequest): string {
  if (model !== "auto" && !model.startsWith("dynamic/")) return "";
  const pairs: string[] = [];
  let bytesLeft = BODY_JSON_BYTES_MAX - "{}".length;
  for (const name of fields.keys()) {
    const text = READ_BY_MODEL.has(name) ? undefined : plainText(name, value[name]);
    if (text === undefined) continue;
    const pair = `${JSON.stringify(name)}:${text}`;
    const bytes = Buffer.byteLength(pair) + (pairs.length > 0 ? 1 : 0);
    if (bytes > bytesLeft) continue;
    bytesLeft -= bytes;
    pairs.push(pair);
  }
  return `{${pairs.join(",")}}`;
}

function plainText(name: string, field: unknown): string | undefined {
  switch (typeof field) {
    case "string":
      return field.length <= TEXT_CHARACTERS_MAX ? JSON.stringify(field) : undefined;
    case "number":
      return Number.isFinite(field) ? JSON.stringify(field) : undefined;
    case "boolean":
      return String(field);
    default:
      return name === "metadata" && field ? JSON.stringify(field) : undefined;
  }
}
