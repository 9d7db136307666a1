// OpenAI's Responses, without what a provider would have to keep.
import { toErrorBody } from "../openai-chat/errors.ts";
import type { Surface } from "../surface.ts";
import { responsesAnswerTexts } from "./answer-texts.ts";
import { toFailedEvent } from "./errors.ts";
import { readResponsesConversation } from "./read-conversation.ts";
import { readResponsesRequest } from "./request.ts";
import { ResponsesStop } from "./stop-stream.ts";
import { writeResponse } from "./write-answer.ts";
import { ResponsesWriter } from "./write-stream.ts";

export const openAiResponses: Surface = {
  name: "openai-responses",
  path: "/v1/responses",
  forwardedHeaders: [],
  readRequest: readResponsesRequest,
  errorBody: (error) => JSON.stringify(toErrorBody(error)),
  errorEvent: toFailedEvent,
  heartbeat: ": waybill\n\n",
  answerTexts: responsesAnswerTexts,
  stopStream: () => new ResponsesStop(),
  translation: {
    readConversation: readResponsesConversation,
    writeAnswer: writeResponse,
    writeStream: (facts) => new ResponsesWriter(facts),
  },
};
