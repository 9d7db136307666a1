// OpenAI's Embeddings: one vector for each input, as floats or in base64. A vector is made from its input, so that two of the same
// input are equal. Format: openai/openai-openapi openapi.yaml, CreateEmbeddingResponse.
import { createHash } from "node:crypto";
import type { CallPlan, ScriptedRequest } from "../plan.ts";
import { readScripted } from "../request.ts";
import { errorBody } from "./openai-chat.ts";
import type { AnswerIdentity, Voice } from "./voice.ts";

const PATH = /^\/(?:v1|openai\/v1)\/embeddings$/;
/** A deployment of Azure's, which names the model. */
const DEPLOYMENT = /^\/openai\/deployments\/([^/?]+)\/embeddings\?api-version=[\w.-]+$/;
const DIMENSIONS = 8;
/** As large as OpenAI's largest. */
const DIMENSIONS_MAX = 3_072;
const INPUTS_MAX = 2_048;

/** What is wanted, beside what every scripted request has. */
interface EmbeddingsRequest extends ScriptedRequest {
  readonly inputs: readonly unknown[];
  readonly dimensions: number;
  readonly isBase64: boolean;
}

export const openAiEmbeddingsVoice: Voice = {
  takes: (path) => PATH.test(path) || DEPLOYMENT.test(path),
  read(path, body) {
    const parsed = readScripted(body, (fields) => {
      const given: Omit<EmbeddingsRequest, "model" | "choices"> = {
        stream: false,
        includeUsage: false,
        maxTokens: undefined,
        inputs: inputsOf(fields.input),
        dimensions: typeof fields.dimensions === "number" ? fields.dimensions : DIMENSIONS,
        isBase64: fields.encoding_format === "base64",
      };
      return { ...given, model: DEPLOYMENT.exec(path)?.[1] ?? fields.model, choices: 1 };
    });
    if (!parsed.ok) return parsed;
    const { inputs, dimensions } = parsed.request as EmbeddingsRequest;
    if (inputs.length === 0 || inputs.length > INPUTS_MAX) {
      return { ok: false, status: 400, problem: `input must hold 1 to ${INPUTS_MAX} inputs` };
    }
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > DIMENSIONS_MAX) {
      return { ok: false, status: 400, problem: `dimensions must be from 1 to ${DIMENSIONS_MAX}` };
    }
    return parsed;
  },
  answerId: ({ sequence }) => `embd-scripted-${sequence}`,
  errorBody,
  plainBody,
  streamType: "application/json",
  stream: () => {
    throw new Error("embeddings are not streamed");
  },
};

/** A list of one, where one input is given by itself. */
function inputsOf(input: unknown): readonly unknown[] {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input)) return [];
  return typeof input[0] === "number" ? [input] : input;
}

function plainBody(plan: CallPlan, request: ScriptedRequest, _identity: AnswerIdentity): string {
  const { inputs, dimensions, isBase64, model } = request as EmbeddingsRequest;
  const data = inputs.map((input, index) => {
    const vector = scriptedVector(input, dimensions);
    const embedding = isBase64 ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  const { usage } = plan;
  const tokens = usage && { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens };
  return JSON.stringify({ object: "list", data, model, ...(tokens && { usage: tokens }) });
}

/** The vector of an input, a text or tokens, each number from -1 to 1. */
export function scriptedVector(input: unknown, dimensions: number): Float32Array {
  const digest = createHash("sha256").update(JSON.stringify(input)).digest();
  return Float32Array.from({ length: dimensions }, (_, at) => (digest[at % digest.length] ?? 0) / 127.5 - 1);
}
