// Anthropic's Messages.
import type { Surface } from "../surface.ts";
import { messagesAnswerTexts } from "./answer-texts.ts";
import { toErrorBody, toErrorEvent } from "./errors.ts";
import { readMessagesConversation } from "./read-conversation.ts";
import { readMessagesRequest } from "./request.ts";
import { MessagesStop } from "./stop-stream.ts";
import { writeMessage } from "./write-answer.ts";
import { MessagesWriter } from "./write-stream.ts";

export const anthropicMessages: Surface = {
  name: "anthropic-messages",
  path: "/v1/messages",
  forwardedHeaders: ["anthropic-version", "anthropic-beta"],
  readRequest: readMessagesRequest,
  errorBody: (error, requestId) => JSON.stringify(toErrorBody(error, requestId)),
  errorEvent: toErrorEvent,
  heartbeat: 'event: ping\ndata: {"type":"ping"}\n\n',
  answerTexts: messagesAnswerTexts,
  stopStream: () => new MessagesStop(),
  translation: {
    readConversation: readMessagesConversation,
    writeAnswer: writeMessage,
    writeStream: (facts) => new MessagesWriter(facts),
  },
};
