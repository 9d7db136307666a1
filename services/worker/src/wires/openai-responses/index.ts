// OpenAI's Responses. Only its own surface goes by it: what else is asked of such a provider goes by its chat completions.
import type { Wire } from "../wire.ts";
import { readRefusal } from "./error.ts";
import { patchResponses } from "./patch.ts";
import { ResponsesStream, readAnswer } from "./relay.ts";
import { abortedCall } from "./usage.ts";

export const openAiResponsesWire: Wire = {
  surface: "openai-responses",
  pass: { patch: patchResponses, readStream: () => new ResponsesStream(), readAnswer },
  translation: undefined,
  readRefusal,
  abortedCall,
};
