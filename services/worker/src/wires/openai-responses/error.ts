// Failures of Responses as entries of our own catalogue: refusals are those of every path of OpenAI's, and a response that failed says
// so in itself.
import type { Failure } from "../../core/ending.ts";
import { readErrorEvent } from "../openai-chat/error.ts";
import { objectOf, type Values } from "../read-values.ts";

export { readErrorEvent, readRefusal } from "../openai-chat/error.ts";

/** Of a response with the status `failed`. */
export function readFailedResponse({ error }: Values): Failure {
  return readErrorEvent(Buffer.from(JSON.stringify({ error: objectOf(error) })));
}
