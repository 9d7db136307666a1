// An embeddings request as far as the gateway reads it. Field list and types: openai/openai-openapi openapi.yaml,
// CreateEmbeddingRequest.
import type { AskedRequest } from "../asked-request.ts";
import { asksElsewhere } from "../asks-elsewhere.ts";
import { endUser, invalid, isString, optional, readBody, textMetadata, tokenLimit } from "../read-fields.ts";
import { estimateTokens, readTokenInputs } from "../token-input.ts";

/** As OpenAI has it. */
const INPUTS_MAX = 2_048;

/** Throws WaybillError that names the first field at fault. */
export function readEmbeddingsRequest(bytes: Buffer): AskedRequest {
  const { value, fields, ...read } = readBody(bytes);
  if (read.stream) throw invalid("stream", "false: embeddings are not streamed");
  tokenLimit(value, "dimensions");
  optional(value, "encoding_format", isEncoding, "float or base64");
  const inputs = readTokenInputs(value.input, "input", INPUTS_MAX);
  const span = fields.get("input");
  return {
    surface: "openai-embeddings",
    ...read,
    value,
    fields,
    wantsUsage: false,
    ...{ maxOutputTokens: 0, isDefaultLimit: false },
    choiceCount: 1,
    hasTools: false,
    hasJsonSchema: false,
    metadata: textMetadata(value),
    endUserId: endUser(optional(value, "user", isString, "text")),
    size: {
      textBytes: span ? span.valueEnd - span.valueStart : 0,
      partCount: inputs.length,
      inputCount: inputs.length,
      estimatedTokens: estimateTokens(inputs),
      hasImages: false,
      hasAudio: false,
      hasUnseenInput: false,
    },
    wantsEmbeddings: true,
    isPriceUnbounded: asksElsewhere(value),
  };
}

const isEncoding = (given: unknown): given is "float" | "base64" => given === "float" || given === "base64";
