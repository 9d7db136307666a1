// Anthropic's Messages API: Anthropic itself, and whoever else serves it.
import type { Wire } from "../wire.ts";
import { readRefusal } from "./error.ts";
import { MessagesEvents, readAnswerEvents } from "./events.ts";
import { patchMessages } from "./patch.ts";
import { MessagesStream, readAnswer } from "./relay.ts";
import { abortedCall } from "./usage.ts";
import { writeMessages } from "./write.ts";

export const anthropicMessagesWire: Wire = {
  surface: "anthropic-messages",
  pass: { patch: patchMessages, readStream: () => new MessagesStream(), readAnswer },
  translation: { write: writeMessages, readStream: () => new MessagesEvents(), readAnswer: readAnswerEvents },
  readRefusal,
  abortedCall,
};
