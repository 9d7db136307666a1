// How a stream is ended early, when its money is used up: as its dialect ends an answer that met its limit.
import type { StreamEvent } from "./answer-texts.ts";

/** Follows one stream from its first event, so that it can be ended behind any of them. */
export interface StreamStop {
  /** The data of the next event, parsed. */
  saw(event: StreamEvent): void;
  /** The last events, with the finish reason of an answer at its limit. `outputTokens`: what was counted of the answer. */
  end(outputTokens: bigint): string;
}
