// Errors are those of Chat Completions.
export { readRefusal } from "../openai-chat/error.ts";
