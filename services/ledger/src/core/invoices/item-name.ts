// What a line item charges for, from the name a cloud gives it: "Gemini 2.5 Flash GA Text Input - Predictions" is input of a model.
import type { LineKind } from "./invoice-line.ts";

/** What an item's name says. */
export interface NamedItem {
  /** Lower case with dashes, without the words about tokens, regions and tiers; empty: the name is about none. */
  model: string;
  kind: LineKind;
}

/** Words that say how much, where or how, but not which model. */
const NOT_A_MODEL = new RegExp(
  `\\b(${[
    ...["tokens?", "count", "counts", "units?", "per", "1m", "1k", "million", "thousand", "requests?"],
    ...["text", "predictions?", "generate content", "short", "long", "context window", "context", "ga", "standard"],
    ...[
      "on demand",
      "on-demand",
      "glbl",
      "gl",
      "global",
      "regional",
      "regnl",
      "rgnl",
      "dzone",
      "dz",
      "data zone",
      "datazone",
    ],
    ...[
      "amazon bedrock edition",
      "amazon bedrock",
      "azure openai",
      "vertex ai",
      "cross region",
      "inference",
      "for",
      "of",
    ],
  ].join("|")})\\b`,
  "g",
);

const CACHE = /\b(cache|cached|caching|cchd|cachd)\b/;
const WRITE = /\b(write|writes|creation|storage)\b/;
const DIRECTIONS =
  /\b(input|inp|in|prompt|output|outp|outpt|opt|out|completion|response|thinking|reasoning|cache|cached|caching|cchd|cachd|read|reads|write|writes|creation|5m|1h|5 minutes?|1 hour|storage)\b/g;

export function readItemName(name: string): NamedItem {
  const words = wordsOf(name);
  const kind = kindOf(words);
  const about = words.replace(DIRECTIONS, " ").replace(NOT_A_MODEL, " ");
  const model = about.trim().replace(/\s+/g, "-");
  return { model, kind };
}

/** "InputTokenCount" and "gpt-4o-0806-Inp-glbl" as words in lower case; dots between digits stay. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, " ")
    .replace(/(?<!\d)\.|\.(?!\d)/g, " ")
    .trim();
}

function kindOf(words: string): LineKind {
  const isInput = /\b(input|inp|in|prompt)\b/.test(words);
  if (CACHE.test(words)) {
    if (/\bstorage\b/.test(words)) return "other";
    if (WRITE.test(words)) return /\b(1h|1 hour)\b/.test(words) ? "cache_write_1h" : "cache_write_5m";
    return "cached_input";
  }
  if (/\b(thinking|reasoning)\b/.test(words)) return "reasoning";
  if (/\b(output|outp|outpt|opt|out|completion|response)\b/.test(words)) return "output";
  if (isInput) return "input";
  return /\brequests?\b/.test(words) ? "requests" : "other";
}
