// What every refusal must be, in each of the forms that errors are told in: its code, and its id under both names.
import assert from "node:assert/strict";
import type { RawAnswer } from "../../stack/raw-http.ts";

/** `openai` and `anthropic` are the ingress's, `waybill` and `cloudflare` the console's. */
export type ErrorForm = "openai" | "anthropic" | "waybill" | "cloudflare";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

type Json = Record<string, unknown>;

/** Reads the code and throws where the form is not exactly its own. Cloudflare's numbers stand for several codes. */
const READERS: Readonly<Record<ErrorForm, (body: Json, id: string) => string>> = {
  openai({ error, ...more }) {
    assert.deepEqual(more, {});
    assert.deepEqual(Object.keys(error as Json).sort(), ["code", "message", "param", "type"]);
    return String((error as Json).code);
  },
  anthropic({ type, error, request_id, ...more }, id) {
    assert.deepEqual([type, request_id, more], ["error", id, {}]);
    assert.deepEqual(Object.keys(error as Json).sort(), ["details", "message", "type"]);
    return String(((error as Json).details as Json).error_code);
  },
  waybill({ error, ...more }) {
    assert.deepEqual(more, {});
    const { code, message, param = "", problems = [], ...rest } = error as Json;
    assert.ok(typeof message === "string" && typeof param === "string" && Array.isArray(problems));
    assert.deepEqual(rest, {});
    return String(code);
  },
  cloudflare({ success, errors, messages, result, ...more }) {
    assert.deepEqual([success, messages, result, more], [false, [], null, {}]);
    const [first] = errors as Json[];
    assert.ok(typeof first?.code === "number" && typeof first.message === "string");
    return String(first.code);
  },
};

/** The code of an error answer; throws where it is not told as `form` tells errors. */
function codeOf({ headers, body, status }: RawAnswer, form: ErrorForm): string {
  assert.ok(status >= 400, `${status} is no refusal: ${body}`);
  assert.equal(headers.get("content-type")?.split(";")[0], "application/json");
  const id = headers.get("x-request-id") ?? "";
  assert.match(id, ID, "x-request-id");
  assert.equal(headers.get("request-id"), id, "request-id");
  return READERS[form](JSON.parse(body) as Json, id);
}

/** `404 not_found` for short. */
export function refusalOf(answer: RawAnswer, form: ErrorForm): string {
  return `${answer.status} ${codeOf(answer, form)}`;
}
