// Writes the simulated answer: one that says what it is, refers to the question in a bounded way, and is always the
// same for the same question.

import { hashText, seededRandom } from "./seeded-random.ts";
import { toTokens } from "./tokens.ts";

export interface Question {
  /** As the gateway names it, e.g. `sim/economy`. */
  readonly modelName: string;
  /** Which of the request's n answers. */
  readonly choice: number;
  readonly lastUserText: string;
  readonly inputTokens: number;
  readonly messages: number;
  readonly wantsJson: boolean;
  readonly stop: readonly string[];
  readonly maxTokens: number | undefined;
  /** Sentences to choose; more from the better model. */
  readonly sentences: number;
}

export interface ComposedAnswer {
  readonly tokens: readonly string[];
  readonly finishReason: "stop" | "length";
}

const TOPIC_LENGTH_MAX = 60;

const SENTENCES = [
  "No language model was asked: a small program wrote this so that you can see the gateway at work.",
  "The route, the price and the ledger entry of this call are real, only the words are not.",
  "Ask the same again and you get the same words, token by token, at the same pace.",
  "A longer question costs more input tokens here, just as it would with a real provider.",
  "Set max_tokens, stop, n or stream, and this answer changes the way a real one would.",
  "Once the gateway has a provider's key, real models answer in this place and nothing else changes.",
  "Look up this request's id in the ledger and you find its tokens, its price version and its cost.",
  "Send a long prompt twice and the second time most of its tokens are billed as cached.",
];

export function composeAnswer(question: Question): ComposedAnswer {
  const stopped = untilStop(question.wantsJson ? composeJson(question) : composeText(question), question.stop);
  const tokens = toTokens(stopped);
  if (question.maxTokens === undefined || tokens.length <= question.maxTokens) return { tokens, finishReason: "stop" };
  return { tokens: tokens.slice(0, question.maxTokens), finishReason: "length" };
}

function composeText(question: Question): string {
  const topic = topicOf(question.lastUserText);
  const about = topic === "" ? "Your last message had no text." : `You wrote “${topic}”.`;
  const size = `That is ${question.messages} message(s), about ${question.inputTokens} tokens.`;
  return [`[simulated answer from ${question.modelName}]`, about, size, ...pickSentences(question)].join(" ");
}

function composeJson(question: Question): string {
  return JSON.stringify({
    simulated: true,
    model: question.modelName,
    topic: topicOf(question.lastUserText),
    input_tokens: question.inputTokens,
    answer: pickSentences(question).join(" "),
  });
}

function pickSentences(question: Question): string[] {
  const random = seededRandom(hashText(`${question.modelName} ${question.choice} ${question.lastUserText}`));
  const left = [...SENTENCES];
  const picked: string[] = [];
  while (picked.length < question.sentences && left.length > 0) {
    picked.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return picked;
}

/** The beginning of the text in one line, cut at a word. */
function topicOf(text: string): string {
  // Only the beginning is looked at: the text may be megabytes. Its end may be half a character.
  const line = text
    .slice(0, 4 * TOPIC_LENGTH_MAX)
    .replace(/\p{Surrogate}/gu, "")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  const characters = Array.from(line);
  if (characters.length <= TOPIC_LENGTH_MAX) return line;
  const cut = characters.slice(0, TOPIC_LENGTH_MAX).join("");
  const atWord = cut.lastIndexOf(" ");
  return `${atWord > cut.length / 2 ? cut.slice(0, atWord) : cut}…`;
}

function untilStop(text: string, stop: readonly string[]): string {
  const ends = stop.map((sequence) => text.indexOf(sequence)).filter((at) => at >= 0);
  return text.slice(0, Math.min(text.length, ...ends));
}
