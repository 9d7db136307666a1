// Input as OpenAI's embeddings and legacy completions take it: a text, texts, tokens, or lists of tokens.
import { invalid } from "./read-fields.ts";

/** One input: its text, or its tokens by their numbers. */
export type TokenInput = string | readonly number[];

const CHARACTERS_PER_TOKEN = 4;

/** Always a list, of one where one input is given by itself. Throws WaybillError invalid_value that names the first input at fault. */
export function readTokenInputs(given: unknown, param: string, inputsMax: number): readonly TokenInput[] {
  if (typeof given === "string") return [given];
  const expected = `a text, an array of texts, an array of tokens, or an array of arrays of tokens`;
  if (!Array.isArray(given) || given.length === 0) throw invalid(param, `${expected}, and not empty`);
  const list: readonly unknown[] = given;
  if (typeof list[0] === "number") return [tokensOf(list, param)];
  if (list.length > inputsMax) throw invalid(param, `at most ${inputsMax} inputs`);
  if (typeof list[0] === "string") {
    return list.map((text, index) => {
      if (typeof text !== "string") throw invalid(`${param}[${index}]`, "a text, as the first one is");
      return text;
    });
  }
  if (!Array.isArray(list[0])) throw invalid(param, expected);
  return list.map((tokens, index) => tokensOf(tokens, `${param}[${index}]`));
}

function tokensOf(given: unknown, param: string): readonly number[] {
  if (!Array.isArray(given) || given.length === 0) throw invalid(param, "an array of tokens, and not empty");
  const wrong = given.findIndex((token) => !Number.isSafeInteger(token) || token < 0);
  if (wrong >= 0) throw invalid(`${param}[${wrong}]`, "a token: a whole number from 0 on");
  return given as readonly number[];
}

/** A guess for texts, characters / 4; tokens are counted. */
export function estimateTokens(inputs: readonly TokenInput[]): number {
  let tokens = 0;
  for (const input of inputs) {
    tokens += typeof input === "string" ? Math.ceil(input.length / CHARACTERS_PER_TOKEN) : input.length;
  }
  return tokens;
}
