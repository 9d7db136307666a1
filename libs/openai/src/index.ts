// The public dialect of OpenAI, pure: read a request, measure it, answer an error.
export { type ChatRequest, parseChatRequest } from "./chat-request.ts";
export { type OpenAiErrorBody, toErrorBody, toErrorEvent } from "./error-body.ts";
export { type InputSize, sizeInput } from "./input-size.ts";
export { type BodyLayout, fieldText, patchBody } from "./patch-body.ts";
export { isPriceUnbounded } from "./price-unbounded.ts";
export {
  isModelName,
  isSessionId,
  ROUTING_MODELS_MAX,
  ROUTING_MODES,
  type RoutingAsked,
  SESSION_STRATEGIES,
  wordOf,
} from "./routing-config.ts";
export { DEPTH_MAX, type FieldSpan, type ScannedBody, scanBody } from "./scan-body.ts";
export { type ScannedChunk, scanChunk } from "./scan-chunk.ts";
export { type SseEvent, SseSplitter } from "./sse-events.ts";
