// The thread that counts tokens: one text list in, one number out. It is started when it is first needed and ended when it is not.
import { parentPort } from "node:worker_threads";

export interface CountJob {
  id: number;
  tokenizer: string;
  texts: readonly string[];
}

export type CountResult = { id: number; tokens: number } | { id: number; problem: string };

/** What looks like a special token in a text is text: none is allowed, and none is an error. */
const AS_TEXT = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

type CountText = (text: string, as: typeof AS_TEXT) => number;

/** Each is some megabytes, so each is loaded when it is asked for. */
const LOAD: Readonly<Record<string, () => Promise<{ countTokens: CountText }>>> = {
  o200k_base: () => import("gpt-tokenizer/encoding/o200k_base"),
  cl100k_base: () => import("gpt-tokenizer/encoding/cl100k_base"),
};

async function count({ tokenizer, texts }: CountJob): Promise<number> {
  const load = LOAD[tokenizer];
  if (!load) throw new Error(`no tokenizer ${tokenizer}`);
  const { countTokens } = await load();
  return texts.reduce((sum, text) => sum + countTokens(text, AS_TEXT), 0);
}

parentPort?.on("message", (job: CountJob) => {
  count(job).then(
    (tokens) => parentPort?.postMessage({ id: job.id, tokens } satisfies CountResult),
    (error: unknown) => parentPort?.postMessage({ id: job.id, problem: String(error) } satisfies CountResult),
  );
});
