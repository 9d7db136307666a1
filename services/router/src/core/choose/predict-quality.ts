// Features -> predicted quality per model. Today: the catalogue's figure for the task the features look like. A trained
// predictor takes the place of this file by exporting the same two functions.
import type { ModelEntry } from "../snapshot.ts";

/** What a prediction may look at: sizes and flags, never text. */
export interface QualityFeatures {
  hasTools: boolean;
  hasImages: boolean;
  hasJsonSchema: boolean;
  estimatedInputTokens: bigint;
  /** `metadata.task`, if the client says what it is doing. */
  task: string | undefined;
}

/** Beyond this a request is about reading a lot, whatever else it is. */
const LONG_CONTEXT_TOKENS = 32_000n;

/** The task, as the catalogue's quality figures name it. */
export function taskOf(features: QualityFeatures): string {
  if (features.task !== undefined && features.task !== "") return features.task;
  if (features.hasImages) return "vision";
  if (features.hasTools) return "tools";
  if (features.estimatedInputTokens > LONG_CONTEXT_TOKENS) return "long_context";
  if (features.hasJsonSchema) return "extraction";
  return "chat";
}

/** From 0 to 1; undefined: nothing is known of the model's quality. */
export function predictQuality(task: string, { quality }: ModelEntry): number | undefined {
  return quality.get(task) ?? quality.get("");
}
