// Usage, and what a call costs that was cut short, are those of Chat Completions.
export { abortedCall } from "../openai-chat/usage.ts";
