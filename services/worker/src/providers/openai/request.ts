// How OpenAI is called: as every endpoint that is compatible with it.
export { bearer } from "../openai-compatible/request.ts";
