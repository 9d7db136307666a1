// A legacy completion body -> the internal form: a plain prompt as one message of the user's. A model of a chat answers it rather than
// continue it; what depends on the difference is refused.
import type { Conversation } from "../conversation/conversation.ts";
import { unplacedFields } from "../conversation/unplaced-fields.ts";
import { invalid, isString, optional, tokenLimit } from "../read-fields.ts";
import { readSampling } from "../read-sampling.ts";
import { choicesOf, USUAL_MAX_TOKENS } from "./request.ts";

type Values = Record<string, unknown>;

/** Fields that are read or refused here, or mean nothing to a model. */
const PLACED: ReadonlySet<string> = new Set([
  ...["model", "prompt", "stream", "stream_options", "max_tokens", "n", "best_of", "user", "metadata"],
  ...["temperature", "top_p", "top_k", "stop", "seed", "presence_penalty", "frequency_penalty"],
  ...["suffix", "echo", "logprobs", "routing_config"],
]);

/** Throws WaybillError invalid_value that names what a model of a chat cannot be asked. */
export function readCompletionConversation(body: Values): Conversation {
  refuseWhatIsNoChat(body);
  const text = promptOf(body);
  return {
    system: [],
    turns: [{ role: "user", parts: [{ kind: "text", text, cache: undefined }] }],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    format: undefined,
    reasoning: undefined,
    sampling: readSampling(body),
    maxOutputTokens: tokenLimit(body, "max_tokens") ?? USUAL_MAX_TOKENS,
    choiceCount: 1,
    logprobs: undefined,
    endUserId: optional(body, "user", isString, "text") ?? "",
    unplaced: unplacedFields(body, PLACED),
  };
}

function promptOf({ prompt }: Values): string {
  const only = Array.isArray(prompt) && prompt.length === 1 ? (prompt[0] as unknown) : prompt;
  if (typeof only === "string") return only;
  throw invalid("prompt", "one text: this model is asked as a chat");
}

function refuseWhatIsNoChat(body: Values): void {
  for (const name of ["n", "best_of"] as const) {
    if (choicesOf(body, name) > 1) throw invalid(name, "1: this model is asked as a chat");
  }
  const isWanted = (name: string): boolean => {
    const given = body[name];
    return given !== undefined && given !== null && given !== false && given !== "";
  };
  for (const name of ["suffix", "echo", "logprobs"]) {
    if (isWanted(name)) throw invalid(name, "left out: this model is asked as a chat");
  }
}
