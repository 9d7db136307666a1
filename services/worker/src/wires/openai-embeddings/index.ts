// OpenAI's Embeddings, and whoever speaks them: OpenAI itself, Azure, vLLM, Ollama, Mistral, Together and others.
import type { Wire } from "../wire.ts";
import { readRefusal } from "./error.ts";
import { patchEmbeddings } from "./patch.ts";
import { NoStream, readEmbeddings } from "./relay.ts";
import { abortedCall } from "./usage.ts";

export const openAiEmbeddingsWire: Wire = {
  surface: "openai-embeddings",
  pass: { patch: patchEmbeddings, readStream: () => new NoStream(), readAnswer: readEmbeddings },
  translation: undefined,
  readRefusal,
  abortedCall,
};
