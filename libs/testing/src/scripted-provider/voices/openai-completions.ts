// OpenAI's legacy Completions: text_completion, plain and streamed; the choices of one prompt stand together. Format:
// openai/openai-openapi openapi.yaml, CreateCompletionResponse.
import { type CallPlan, joinedText, type ScriptedRequest } from "../plan.ts";
import { readScripted, tokenLimit, wantsUsage } from "../request.ts";
import { errorBody, usageJson } from "./openai-chat.ts";
import type { AnswerIdentity, Voice, VoiceStream } from "./voice.ts";

const PATH = /^\/(?:v1|openai\/v1)\/completions$/;
const DEPLOYMENT = /^\/openai\/deployments\/([^/?]+)\/completions\?api-version=[\w.-]+$/;
/** As the API has it where nothing is said. */
const USUAL_MAX_TOKENS = 16;

export const openAiCompletionsVoice: Voice = {
  takes: (path) => PATH.test(path) || DEPLOYMENT.test(path),
  read: (path, body) =>
    readScripted(body, (fields) => ({
      model: DEPLOYMENT.exec(path)?.[1] ?? fields.model,
      stream: fields.stream === true,
      includeUsage: wantsUsage(fields.stream_options),
      maxTokens: tokenLimit(fields.max_tokens) ?? USUAL_MAX_TOKENS,
      choices: promptsOf(fields.prompt) * (typeof fields.n === "number" ? fields.n : 1),
    })),
  answerId: ({ sequence }) => `cmpl-scripted-${sequence}`,
  errorBody,
  plainBody,
  streamType: "text/event-stream; charset=utf-8",
  stream,
};

function promptsOf(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== "number" ? prompt.length : 1;
}

function headOf(request: ScriptedRequest, identity: AnswerIdentity) {
  const id = openAiCompletionsVoice.answerId(identity);
  return { id, object: "text_completion", created: identity.createdSeconds, model: request.model };
}

function everyChoice(request: ScriptedRequest, text: string, finishReason: string | null): object[] {
  return Array.from({ length: request.choices }, (_, index) => ({
    ...{ text, index, logprobs: null, finish_reason: finishReason },
  }));
}

function plainBody(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): string {
  const choices = everyChoice(request, joinedText(plan), plan.finishReason);
  const usage = plan.usage && { usage: JSON.parse(usageJson(plan.usage)) };
  return JSON.stringify({ ...headOf(request, identity), choices, ...usage });
}

function stream(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): VoiceStream {
  const head = headOf(request, identity);
  const event = (data: object): string => `data: ${JSON.stringify({ ...head, ...data })}\n\n`;
  const each = (text: string, finishReason: string | null): string =>
    everyChoice(request, text, finishReason)
      .map((choice) => event({ choices: [choice] }))
      .join("");
  return {
    begin: () => "",
    content: (index) => each(plan.chunkText(index), null),
    toolCalls: () => [],
    end: () => [
      { text: each("", plan.finishReason) },
      ...(request.includeUsage && plan.usage !== undefined
        ? [{ text: event({ choices: [], usage: JSON.parse(usageJson(plan.usage)) }), usage: plan.usage }]
        : []),
      { text: "data: [DONE]\n\n" },
    ],
    error: (message, type = "server_error") => `data: ${errorBody(message, type, "scripted_error")}\n\n`,
  };
}
