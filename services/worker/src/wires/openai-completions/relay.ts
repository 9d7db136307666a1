// Answers are read as those of Chat Completions: choices, reasons, usage and the end mark stand in the same places.
export { OpenAiStream, readAnswer } from "../openai-chat/relay.ts";
