// Generates text with the tiny model: one request computes at a time, the others queue, and the event loop gets its
// turn between two tokens.

import { type Sampling, sample } from "./core/sample.ts";
import { StopText } from "./core/stop-text.ts";
import { BOS, EOS } from "./core/tokenizer.ts";
import { Sequence } from "./core/transformer.ts";
import type { TinyModel } from "./find-tiny-model.ts";

export interface GenerateOptions {
  readonly promptTokens: readonly number[];
  /** Undefined: to the end of the context. */
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  /** Asked between tokens; false ends the generation. */
  readonly isWanted: () => boolean;
}

export type GenerateEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "end"; readonly finishReason: "stop" | "length"; readonly outputTokens: number };

/** Waiting requests; more are refused. */
const QUEUE_MAX = 64;

/** One model's single place at the processor. */
export class ModelQueue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  get isFull(): boolean {
    return this.#waiting >= QUEUE_MAX;
  }

  /** Resolves with the function that gives the place up, when all before are done. */
  async enter(): Promise<() => void> {
    const before = this.#last;
    let leave: () => void = () => {};
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    this.#waiting += 1;
    await before;
    this.#waiting -= 1;
    return leave;
  }
}

/** The text piece by piece, then how it ended. */
export async function* generate(model: TinyModel, options: GenerateOptions): AsyncGenerator<GenerateEvent> {
  const { checkpoint, tokenizer } = model;
  const sequence = new Sequence(checkpoint);
  const stopText = new StopText(options.stop);
  // A character may be several tokens long.
  const decoder = new TextDecoder();
  const room = checkpoint.shape.context - options.promptTokens.length;
  const limit = Math.min(options.maxTokens ?? room, room);
  let logits: Float32Array | undefined;
  for (const token of options.promptTokens) {
    if (!options.isWanted()) return;
    logits = sequence.next(token);
    await turn();
  }
  let outputTokens = 0;
  let finishReason: "stop" | "length" = "length";
  while (logits !== undefined && outputTokens < limit) {
    if (!options.isWanted()) return;
    const token = sample(logits, options.sampling);
    if (token === BOS || token === EOS) {
      finishReason = "stop";
      break;
    }
    outputTokens += 1;
    const text = stopText.push(decoder.decode(tokenizer.decode(token), { stream: true }));
    if (text !== "") yield { kind: "text", text };
    if (stopText.isStopped) {
      finishReason = "stop";
      break;
    }
    if (outputTokens < limit) logits = sequence.next(token);
    await turn();
  }
  const rest = stopText.isStopped ? "" : stopText.push(decoder.decode()) + stopText.flush();
  if (rest !== "") yield { kind: "text", text: rest };
  yield { kind: "end", finishReason, outputTokens };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
