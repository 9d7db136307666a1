// Reads an answer of embeddings, which is always plain. The bytes pass as they came, whether floats or base64.
import { WaybillError } from "@waybill/domain";
import { type Failure, failureWith } from "../../core/ending.ts";
import type { PlainAnswer, StreamReader, StreamStep } from "../../providers/provider.ts";
import { readErrorEvent } from "../openai-chat/error.ts";
import { readJson } from "../read-json.ts";
import { readEmbeddingsUsage } from "./usage.ts";

/** Throws WaybillError upstream_malformed for what is no answer. */
export function readEmbeddings(body: Uint8Array): PlainAnswer | { failure: Failure } {
  const { data, usage, error } = readJson(body);
  if (error !== undefined && error !== null) return { failure: readErrorEvent(body) };
  if (!Array.isArray(data)) throw new WaybillError("upstream_malformed", { detail: "there are no embeddings" });
  return { bytes: body, usage: readEmbeddingsUsage(usage), finishReason: "stop", evidencedTokens: 0 };
}

/** No ingress asks for a stream of embeddings; should one, it hears that there is none. */
export class NoStream implements StreamReader {
  readonly hasContent = false;
  readonly usage = undefined;
  readonly finishReason = "";
  readonly awaits = "answer";

  push(): StreamStep {
    return this.end();
  }

  end(): StreamStep {
    const failure = failureWith("upstream_malformed");
    return { bytes: [], evidencedTokens: 0, textBytes: 0, isComplete: false, failure };
  }

  tail(): Uint8Array {
    return new Uint8Array();
  }
}
