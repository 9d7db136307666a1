// A steady mixed load on a test stack: streams and plain answers, both teams' keys, with every answer kept for judgement.

import { ask, readStream, type StreamEnd } from "./ask.ts";
import type { SeededRandom } from "./seeds.ts";
import type { TestStack } from "./start-stack.ts";

interface LoadResult {
  /** Whole answers. */
  complete: number;
  /** Refused before any content, by error code. */
  refused: Map<string, number>;
  /** Streams that began and ended with the in-band error, or with a cut connection. */
  broken: number;
  /** Streams that looked complete but were not: must be none. */
  holes: StreamEnd[];
}

export interface LoadOptions {
  random: SeededRandom;
  /** Requests in flight at any time. */
  concurrency: number;
  model?: string;
  urls?: readonly string[];
}

export interface Load {
  /** Starts nothing new, waits for what runs, and tells what came of it. */
  stop(): Promise<LoadResult>;
  readonly complete: number;
}

/** Text of a scripted answer is known from its script, so a hole can be told from a whole. */
const WORDS = 12;
const TEXT = Array.from({ length: WORDS }, (_, index) => `word${index}`).join(" ");

export function startLoad(stack: TestStack, { random, concurrency, model, urls = stack.urls }: LoadOptions): Load {
  const result: LoadResult = { complete: 0, refused: new Map(), broken: 0, holes: [] };
  let stopped = false;
  const one = async (): Promise<void> => {
    const stream = random.between(0, 1) === 1;
    const script = {
      text: TEXT,
      inputTokens: random.between(1, 50),
      outputTokens: WORDS,
      chunks: WORDS,
      gapMs: random.between(0, 20),
      latencyMs: random.between(0, 20),
    };
    const url = random.pick(urls);
    const response = await ask(stack, {
      url,
      stream,
      script,
      ...(model && { model }),
      fields: { max_tokens: 64 },
    }).catch(() => undefined);
    if (!response) {
      refuse(result, "connection");
      await new Promise((resolve) => setTimeout(resolve, 50));
    } else if (stream && response.ok) judgeStream(await readStream(response), result);
    else await judgeAnswer(response, result);
  };
  const lane = async (): Promise<void> => {
    while (!stopped) await one();
  };
  const lanes = Array.from({ length: concurrency }, lane);
  return {
    get complete() {
      return result.complete;
    },
    async stop() {
      stopped = true;
      await Promise.all(lanes);
      return result;
    },
  };
}

function refuse(result: LoadResult, code: string): void {
  result.refused.set(code, (result.refused.get(code) ?? 0) + 1);
}

function judgeStream(end: StreamEnd, result: LoadResult): void {
  const looksComplete = end.done && end.errorCode === undefined;
  if (looksComplete && end.text === TEXT && end.finishReason !== undefined) result.complete += 1;
  else if (looksComplete) result.holes.push(end);
  else result.broken += 1;
}

async function judgeAnswer(response: Response, result: LoadResult): Promise<void> {
  try {
    const body = (await response.json()) as {
      error?: { code: string };
      choices?: { message: { content: string } }[];
    };
    if (response.ok && body.choices?.[0]?.message.content === TEXT) result.complete += 1;
    else if (response.ok) result.holes.push({ ...EMPTY_END, text: JSON.stringify(body) });
    else {
      refuse(result, body.error?.code ?? `status ${response.status}`);
      // As an official client would wait before its retry.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch {
    result.broken += 1;
  }
}

const EMPTY_END: StreamEnd = {
  status: 200,
  text: "",
  done: true,
  finishReason: undefined,
  errorCode: undefined,
  usage: undefined,
  waybill: undefined,
  requestId: "",
};
