// The APIs that clients speak, pure: read a request, measure it, answer an error, and translate between a surface and the
// internal form.

export type { AnswerTexts, StreamEvent, TextDelta } from "./answer-texts.ts";
export { anthropicMessages } from "./anthropic-messages/index.ts";
export { readMessagesToCount } from "./anthropic-messages/request.ts";
export type { AskedRequest, InputSize } from "./asked-request.ts";
export { type Answer, type AnswerChoice, type AnswerPart, assembleAnswer } from "./conversation/answer.ts";
export type { AnswerEvent, FinishReason } from "./conversation/answer-event.ts";
export { hasCacheMarks } from "./conversation/cache-marks.ts";
export * from "./conversation/conversation.ts";
export { readFinishWord, weakerFinishWord } from "./conversation/finish-words.ts";
export { type BodyLayout, fieldText, patchBody } from "./json-body/patch-body.ts";
export { removeField } from "./json-body/remove-field.ts";
export { DEPTH_MAX, type FieldSpan, type ScannedBody, scanBody } from "./json-body/scan-body.ts";
export { type ChangeModelText, rewriteAnswerTexts, rewriteRequestTexts } from "./model-texts.ts";
export { readDataUrl, toDataUrl } from "./openai-chat/data-url.ts";
export { toErrorBody } from "./openai-chat/errors.ts";
export { openAiChat } from "./openai-chat/index.ts";
export { type ScannedChunk, scanChunk } from "./openai-chat/scan-chunk.ts";
export { USUAL_MAX_TOKENS } from "./openai-completions/request.ts";
export { openAiResponses } from "./openai-responses/index.ts";
export { isSealedHere, mayHoldSealedHere } from "./openai-responses/sealed-reasoning.ts";
export {
  isModelName,
  isSessionId,
  ROUTING_MODELS_MAX,
  ROUTING_MODES,
  type RoutingAsked,
  SESSION_STRATEGIES,
  wordOf,
} from "./routing-config.ts";
export { type SseEvent, SseSplitter } from "./sse/sse-events.ts";
export type { StreamStop } from "./stream-stop.ts";
export type { AnswerFacts, AnswerWriter, Surface, SurfaceTranslation } from "./surface.ts";
export { SURFACE_NAMES, type SurfaceName } from "./surface-name.ts";
export { SURFACES, surfaceNamed } from "./surfaces.ts";
