// The public dialect of OpenAI, pure: read a request, measure it, answer an error.
export { type ChatRequest, parseChatRequest } from "./chat-request.ts";
export { type OpenAiErrorBody, toErrorBody, toErrorEvent } from "./error-body.ts";
export { type InputSize, sizeInput } from "./input-size.ts";
export { DEPTH_MAX, type FieldSpan, type ScannedBody, scanBody } from "./scan-body.ts";
