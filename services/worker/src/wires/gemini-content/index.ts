// Gemini's generateContent, as Google's Gemini API speaks it. No surface does, so that everything goes by the internal form.
import type { Wire } from "../wire.ts";
import { readRefusal } from "./error.ts";
import { GeminiEvents, readAnswerEvents } from "./events.ts";
import { abortedCall } from "./usage.ts";
import { writeContent } from "./write.ts";

export const geminiContentWire: Wire = {
  surface: undefined,
  pass: undefined,
  translation: { write: writeContent, readStream: () => new GeminiEvents(), readAnswer: readAnswerEvents },
  readRefusal,
  abortedCall,
};
