// The internal form of a request: what every chat dialect can say, in no dialect's words. A surface reads its bodies into it
// and a wire writes a provider's body from it, so that any surface reaches any provider.

export interface Conversation {
  /** What stands before the first turn. */
  system: TextPart[];
  turns: Turn[];
  tools: Tool[];
  /** Undefined: the model decides. */
  toolChoice: ToolChoice | undefined;
  /** False: at most one call in a turn. Undefined: not said. */
  parallelToolCalls: boolean | undefined;
  /** Undefined: text. */
  format: Format | undefined;
  reasoning: Reasoning | undefined;
  sampling: Sampling;
  /** For one choice; undefined: not said. */
  maxOutputTokens: number | undefined;
  choiceCount: number;
  /** How many alternatives for each token, 0 for the tokens alone; undefined: none are wanted. */
  logprobs: number | undefined;
  endUserId: string;
  /** Fields of the client's body that have no place here, by their names there. */
  unplaced: string[];
}

export type Turn =
  /** A later word of the system, where a dialect allows one between turns. */
  | { role: "system"; parts: TextPart[] }
  | { role: "user"; parts: (TextPart | MediaPart | ToolResultPart)[] }
  | { role: "assistant"; parts: (TextPart | ReasoningPart | ToolCallPart)[] };

/** The provider is asked to keep everything up to here for so long; undefined: it decides. */
export type CacheMark = "5m" | "1h" | undefined;

export interface TextPart {
  kind: "text";
  text: string;
  cache: CacheMark;
}

export interface MediaPart {
  kind: "image" | "audio" | "document";
  source: MediaSource;
  /** Of a document; empty: none. */
  name: string;
  cache: CacheMark;
}

export type MediaSource =
  /** `mediaType` as in `Content-Type`, e.g. image/png. */
  { kind: "inline"; mediaType: string; base64: string } | { kind: "url"; url: string };

/** An assistant's thoughts, given back so that it can go on with them. */
export interface ReasoningPart {
  kind: "reasoning";
  text: string;
  /** Opaque, and only worth something to the provider that made it; empty: none. */
  signature: string;
  /** Thoughts the provider gave sealed; `text` is empty then. Empty: it did not. */
  sealed: string;
}

export interface ToolCallPart {
  kind: "tool_call";
  id: string;
  name: string;
  /** JSON text of an object. */
  argumentsJson: string;
  cache: CacheMark;
}

export interface ToolResultPart {
  kind: "tool_result";
  callId: string;
  parts: (TextPart | MediaPart)[];
  isError: boolean;
  cache: CacheMark;
}

/** A function that the client runs. Tools that run at a provider have no place in another one. */
export interface Tool {
  name: string;
  description: string;
  /** JSON Schema of the arguments. */
  parameters: Record<string, unknown>;
  /** The arguments must match the schema exactly; undefined: not said. */
  strict: boolean | undefined;
  cache: CacheMark;
}

export type ToolChoice = { kind: "auto" | "none" | "required" } | { kind: "tool"; name: string };

export type Format =
  | { kind: "json" }
  | { kind: "json_schema"; name: string; schema: Record<string, unknown>; strict: boolean | undefined };

export const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

export interface Reasoning {
  effort: (typeof EFFORTS)[number] | undefined;
  /** Tokens that thinking may take; undefined: not said. */
  budgetTokens: number | undefined;
}

/** Undefined: not said. */
export interface Sampling {
  temperature: number | undefined;
  topP: number | undefined;
  topK: number | undefined;
  /** Empty: none. */
  stop: string[];
  seed: number | undefined;
  presencePenalty: number | undefined;
  frequencyPenalty: number | undefined;
}
