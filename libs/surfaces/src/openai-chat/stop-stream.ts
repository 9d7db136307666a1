// Ends a stream of chunks early, of chat completions or of completions: every choice that goes on gets the finish reason `length`.
import type { StreamEvent } from "../answer-texts.ts";
import { isObject } from "../read-fields.ts";
import type { StreamStop } from "../stream-stop.ts";

/** What all chunks of a stream say alike. */
const HEAD = ["id", "object", "created", "model", "service_tier", "system_fingerprint"] as const;

export class ChunkStop implements StreamStop {
  /** What a last chunk of this dialect says where the words would be. */
  readonly #nothing: object;
  #head: Record<string, unknown> = {};
  readonly #open = new Set<number>();

  constructor(nothing: { delta: object } | { text: string }) {
    this.#nothing = nothing;
  }

  saw(chunk: StreamEvent): void {
    if (!Array.isArray(chunk.choices)) return;
    this.#head = Object.fromEntries(HEAD.flatMap((name) => (name in chunk ? [[name, chunk[name]]] : [])));
    for (const choice of chunk.choices) {
      if (!isObject(choice) || typeof choice.index !== "number") continue;
      if (typeof choice.finish_reason === "string") this.#open.delete(choice.index);
      else this.#open.add(choice.index);
    }
  }

  end(): string {
    const last = [...this.#open].map((index) => {
      const choices = [{ index, ...this.#nothing, logprobs: null, finish_reason: "length" }];
      return `data: ${JSON.stringify({ ...this.#head, choices })}\n\n`;
    });
    return `${last.join("")}data: [DONE]\n\n`;
  }
}
