// An answer that comes as lines of JSON: {"progress"} again and again, then {"result"} or {"error"}.
import { Ending } from "../exit-codes.ts";
import { notReached, notTheApi, refusalOf } from "./errors.ts";

/** Progress comes about twice a second. */
const SILENCE_MS = 120_000;
/** What stands in a line instead of a result is refused as if it had come with this status. */
const REFUSED = 500;

interface Line<T, P> {
  progress?: P;
  result?: T;
}

/** Throws an Ending for whatever is no result. */
export async function followAnswer<T, P>(
  url: URL,
  adminKey: string,
  question: unknown,
  onProgress: (progress: P) => void,
): Promise<T> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${adminKey}`,
        accept: "application/x-ndjson",
        "content-type": "application/json",
      },
      body: JSON.stringify(question),
      redirect: "manual",
      signal: silence.signal,
    });
    if (!response.ok || !response.body) throw refusalOf(response.status, await response.text());
    for await (const line of linesOf(response.body)) {
      timer.refresh();
      const { progress, result } = readLine<T, P>(line);
      if (result !== undefined) return result;
      if (progress === undefined) throw refusalOf(REFUSED, line);
      onProgress(progress);
    }
    throw notTheApi("its answer broke off");
  } catch (error) {
    throw error instanceof Ending ? error : notReached(url.origin, error);
  } finally {
    clearTimeout(timer);
  }
}

/** What comes after the last line break is no line. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function readLine<T, P>(line: string): Line<T, P> {
  try {
    return JSON.parse(line) as Line<T, P>;
  } catch {
    throw notTheApi("it answered with something that is no JSON");
  }
}
