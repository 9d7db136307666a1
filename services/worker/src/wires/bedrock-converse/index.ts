// Bedrock's Converse and ConverseStream, one format for every maker's models there. No surface speaks it, so that everything goes
// by the internal form.
import type { Wire } from "../wire.ts";
import { readRefusal } from "./error.ts";
import { ConverseEvents, readAnswerEvents } from "./events.ts";
import { abortedCall } from "./usage.ts";
import { writeConverse } from "./write.ts";

export const bedrockConverseWire: Wire = {
  surface: undefined,
  pass: undefined,
  translation: { write: writeConverse, readStream: () => new ConverseEvents(), readAnswer: readAnswerEvents },
  readRefusal,
  abortedCall,
};
