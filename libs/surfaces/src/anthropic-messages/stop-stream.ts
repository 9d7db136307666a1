// Ends a stream of Messages early: the open block is closed, and the message stops for `max_tokens`.
import type { StreamEvent } from "../answer-texts.ts";
import type { StreamStop } from "../stream-stop.ts";

export class MessagesStop implements StreamStop {
  readonly #open = new Set<number>();

  saw({ type, index }: StreamEvent): void {
    if (typeof index !== "number") return;
    if (type === "content_block_start") this.#open.add(index);
    if (type === "content_block_stop") this.#open.delete(index);
  }

  end(outputTokens: bigint): string {
    const delta = { stop_reason: "max_tokens", stop_sequence: null };
    return [
      ...[...this.#open].map((index) => ({ type: "content_block_stop", index })),
      { type: "message_delta", delta, usage: { output_tokens: Number(outputTokens) } },
      { type: "message_stop" },
    ]
      .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join("");
  }
}
