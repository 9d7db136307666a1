// OpenAI's Embeddings. Only providers of this very dialect serve it: an embedding of another one would be no translation.
import { toErrorBody, toErrorEvent } from "../openai-chat/errors.ts";
import type { Surface } from "../surface.ts";
import { readEmbeddingsRequest } from "./request.ts";

export const openAiEmbeddings: Surface = {
  name: "openai-embeddings",
  path: "/v1/embeddings",
  forwardedHeaders: [],
  readRequest: readEmbeddingsRequest,
  errorBody: (error) => JSON.stringify(toErrorBody(error)),
  // It has no streams; these are what the form wants.
  errorEvent: (error) => toErrorEvent(error),
  heartbeat: ": waybill\n\n",
  // No words.
  answerTexts: undefined,
  stopStream: undefined,
  translation: undefined,
};
