// OpenAI's legacy Completions: a prompt that is continued. Where a provider does not have it, a plain prompt is a user's message.
import { toErrorBody, toErrorEvent } from "../openai-chat/errors.ts";
import { ChunkStop } from "../openai-chat/stop-stream.ts";
import type { Surface } from "../surface.ts";
import { completionAnswerTexts } from "./answer-texts.ts";
import { readCompletionConversation } from "./read-conversation.ts";
import { readCompletionRequest } from "./request.ts";
import { writeCompletion } from "./write-answer.ts";
import { CompletionWriter } from "./write-stream.ts";

export const openAiCompletions: Surface = {
  name: "openai-completions",
  path: "/v1/completions",
  forwardedHeaders: [],
  readRequest: readCompletionRequest,
  errorBody: (error) => JSON.stringify(toErrorBody(error)),
  errorEvent: (error) => toErrorEvent(error),
  heartbeat: ": waybill\n\n",
  answerTexts: completionAnswerTexts,
  stopStream: () => new ChunkStop({ text: "" }),
  translation: {
    readConversation: readCompletionConversation,
    writeAnswer: writeCompletion,
    writeStream: (facts) => new CompletionWriter(facts),
  },
};
