// GenerateContentResponse, streamed with alt=sse and whole -> the internal form of an answer. Source:
// https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse and the types of @google/genai 2.32.0.
import { WaybillError } from "@waybill/domain";
import { type AnswerEvent, type FinishReason, type SseEvent, SseSplitter } from "@waybill/surfaces";
import { finishEvents } from "../finish-event.ts";
import { readJson } from "../read-json.ts";
import { indexOf, isObject, objectOf, objectsOf, textOf, type Values } from "../read-values.ts";
import { tagSignature } from "../signature-tag.ts";
import type { EventReader } from "../wire.ts";
import { readBlock, readErrorEvent } from "./error.ts";
import { readUsage } from "./usage.ts";

/** One event: an image in base64 fits. */
const EVENT_BYTES_MAX = 32 * 1024 * 1024;
const CANDIDATES_MAX = 128;
const CALLS_MAX = 1_024;
const ID_CHARACTERS_MAX = 24;
const OPENING_BRACE = 0x7b;

/** Beside what other formats say, too. */
const OWN: ReadonlyMap<string, FinishReason> = new Map(
  [
    ...["LANGUAGE", "OTHER", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER"],
    "NO_IMAGE",
  ].map((word) => [word, "content_filter"]),
);

/** The model broke off in what nobody can use: never shown as if it were whole. */
const BROKEN: ReadonlySet<string> = new Set(["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"]);

/** Gemini has no mark for the end: it is there when the body ends and every candidate has said why it stopped. */
export class GeminiEvents implements EventReader {
  readonly #splitter = new SseSplitter(EVENT_BYTES_MAX);
  readonly #answer = new GeminiAnswer();
  #isOver = false;

  push(chunk: Uint8Array): AnswerEvent[] {
    return this.#splitter.push(chunk).flatMap((event) => this.#read(event));
  }

  end(): AnswerEvent[] {
    const events = this.#rest();
    if (this.#isOver) return events;
    this.#isOver = true;
    return [...events, this.#answer.isWhole ? { kind: "end" } : truncated()];
  }

  /** JSON cut in the middle is the end of the connection, not a provider that writes bad JSON. */
  #rest(): AnswerEvent[] {
    try {
      return this.#splitter.end().flatMap((event) => this.#read(event));
    } catch {
      this.#isOver = true;
      return [truncated()];
    }
  }

  #read({ raw, data }: SseEvent): AnswerEvent[] {
    if (this.#isOver) return [];
    // An error in the middle comes as bare JSON, without `data:`.
    const json = data ?? (raw[0] === OPENING_BRACE ? raw : undefined);
    if (json === undefined || json.length === 0) return [];
    const events = this.#answer.read(readJson(json));
    this.#isOver = events.some(({ kind }) => kind === "failure");
    return events;
  }
}

/** A plain answer. Throws WaybillError upstream_malformed for what is none. */
export function readAnswerEvents(body: Uint8Array): AnswerEvent[] {
  const answer = new GeminiAnswer();
  const events = answer.read(readJson(body));
  if (events.some(({ kind }) => kind === "failure")) return events;
  if (!answer.isWhole) throw new WaybillError("upstream_malformed", { detail: "there is no finished candidate" });
  return [...events, { kind: "end" }];
}

interface Candidate {
  calls: number;
  isFinished: boolean;
}

/** What is known of one answer while its pieces come. */
class GeminiAnswer {
  #id: string | undefined;
  readonly #candidates = new Map<number, Candidate>();

  get isWhole(): boolean {
    return this.#candidates.size > 0 && [...this.#candidates.values()].every(({ isFinished }) => isFinished);
  }

  read(chunk: Values): AnswerEvent[] {
    if (isObject(chunk.error)) return [readErrorEvent(chunk.error)];
    const events = [...this.#begin(chunk), ...objectsOf(chunk.candidates).flatMap((given) => this.#candidate(given))];
    const blocked = textOf(objectOf(chunk.promptFeedback).blockReason);
    if (blocked !== "" && this.#candidates.size === 0) events.push(readBlock(blocked));
    return this.#withUsage(events, chunk.usageMetadata);
  }

  /**
   * Every piece has the figures so far. Those that do not count the candidates yet would pass for an answer without output: they
   * are not told before the end. Before a failure, behind which nothing is read.
   */
  #withUsage(events: AnswerEvent[], given: unknown): AnswerEvent[] {
    const usage = readUsage(given);
    const failure = events.find(({ kind }) => kind === "failure");
    const isCounted = objectOf(given).candidatesTokenCount !== undefined;
    if (!usage || !(isCounted || failure || this.isWhole)) return events;
    const told: AnswerEvent = { kind: "usage", usage };
    return failure ? [...events.filter((event) => event !== failure), told, failure] : [...events, told];
  }

  #begin({ responseId, modelVersion }: Values): AnswerEvent[] {
    if (this.#id !== undefined) return [];
    this.#id = textOf(responseId);
    return [{ kind: "begin", id: this.#id, model: textOf(modelVersion) }];
  }

  #candidate(given: Values): AnswerEvent[] {
    const choice = indexOf(given.index, CANDIDATES_MAX);
    const candidate = this.#candidates.get(choice) ?? { calls: 0, isFinished: false };
    this.#candidates.set(choice, candidate);
    if (candidate.isFinished) return [];
    const events = objectsOf(objectOf(given.content).parts).flatMap((part) => this.#part(choice, candidate, part));
    events.push(...logprobsOf(choice, objectOf(given.logprobsResult)));
    const reason = textOf(given.finishReason);
    if (reason === "" || reason === "FINISH_REASON_UNSPECIFIED") return events;
    candidate.isFinished = true;
    return [...events, ...finishOf(choice, candidate, reason)];
  }

  #part(choice: number, candidate: Candidate, part: Values): AnswerEvent[] {
    const text = textOf(part.text);
    const signature = textOf(part.thoughtSignature);
    const events: AnswerEvent[] = [];
    if (text !== "")
      events.push(part.thought === true ? { kind: "reasoning", choice, text } : { kind: "text", choice, text });
    // It stands on the part it is of; in the internal form it stands before a call, and behind a text.
    if (signature !== "")
      events.push({ kind: "reasoning_signature", choice, signature: tagSignature("gemini", signature) });
    if (isObject(part.functionCall)) events.push(...this.#call(choice, candidate, part.functionCall));
    return events;
  }

  /** A call comes whole, and an id is not always with it. */
  #call(choice: number, candidate: Candidate, { id, name, args }: Values): AnswerEvent[] {
    const call = candidate.calls;
    if (call >= CALLS_MAX) return [];
    candidate.calls += 1;
    const own = (this.#id ?? "").replace(/[^\w-]/g, "").slice(0, ID_CHARACTERS_MAX);
    return [
      { kind: "tool_call", choice, call, id: textOf(id) || `call_${own}_${choice}_${call}`, name: textOf(name) },
      { kind: "tool_arguments", choice, call, json: JSON.stringify(objectOf(args)) },
    ];
  }
}

function finishOf(choice: number, { calls }: Candidate, given: string): AnswerEvent[] {
  if (BROKEN.has(given)) {
    const message = "The model broke off in a tool call.";
    return [{ kind: "failure", code: "upstream_error", message, retryAfterMs: 0 }];
  }
  const [said] = finishEvents(choice, given, { own: OWN });
  if (!said) return [];
  return [said.kind === "finish" && said.reason === "stop" && calls > 0 ? { ...said, reason: "tool_calls" } : said];
}

/** Two lists of the same length, step by step. */
function logprobsOf(choice: number, { chosenCandidates, topCandidates }: Values): AnswerEvent[] {
  const chosen = objectsOf(chosenCandidates);
  if (chosen.length === 0) return [];
  const top = objectsOf(topCandidates);
  const content = chosen.map((token, index) => ({
    ...logprobOf(token),
    top_logprobs: objectsOf(top[index]?.candidates).map(logprobOf),
  }));
  return [{ kind: "logprobs", choice, content }];
}

function logprobOf({ token, logProbability }: Values): { token: string; logprob: number; bytes: number[] } {
  const text = textOf(token);
  return {
    token: text,
    logprob: typeof logProbability === "number" ? logProbability : 0,
    bytes: [...Buffer.from(text)],
  };
}

function truncated(): AnswerEvent {
  const error = new WaybillError("upstream_truncated");
  return { kind: "failure", code: "upstream_truncated", message: error.publicMessage, retryAfterMs: 0 };
}
