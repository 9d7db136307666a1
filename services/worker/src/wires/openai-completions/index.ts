// OpenAI's legacy Completions, where a provider has them. Nothing is translated to them: whoever has them has a chat, too.
import type { Wire } from "../wire.ts";
import { readRefusal } from "./error.ts";
import { patchCompletion } from "./patch.ts";
import { OpenAiStream, readAnswer } from "./relay.ts";
import { abortedCall } from "./usage.ts";

export const openAiCompletionsWire: Wire = {
  surface: "openai-completions",
  pass: { patch: patchCompletion, readStream: (choiceCount) => new OpenAiStream(choiceCount), readAnswer },
  translation: undefined,
  readRefusal,
  abortedCall,
};
