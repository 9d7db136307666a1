// The script of one scripted call: what the provider answers, how fast, in which pieces, and how it misbehaves.
// Every field is optional; defaults stand in plan.ts. Validation is by hand so that the package needs no library for it.

/** What goes wrong. `chunk` counts content chunks already sent: 0 is after the headers and before any content. */
export type Fault =
  | {
      readonly kind: "status";
      readonly status?: number;
      /** The whole body; without it an error object in OpenAI's shape. */
      readonly body?: string;
      /** Seconds, sent as `retry-after`. */
      readonly retryAfter?: number;
    }
  /** The connection ends before any byte of an answer: by RST (default) or FIN. */
  | { readonly kind: "cut_before_headers"; readonly by?: "rst" | "fin" }
  | { readonly kind: "hang_before_headers" }
  | { readonly kind: "hang_after_headers" }
  | { readonly kind: "stall_after"; readonly chunk?: number }
  /** Silent for `ms`, then goes on as if nothing had been. */
  | { readonly kind: "pause_after"; readonly chunk?: number; readonly ms: number }
  /** The connection ends in the middle: by RST (default) or FIN. */
  | { readonly kind: "cut_after"; readonly chunk?: number; readonly by?: "rst" | "fin" }
  /** A clean end of the HTTP body, without finish_reason, usage and [DONE]. */
  | { readonly kind: "end_without_done"; readonly chunk?: number }
  /** All of a stream but its last event: [DONE], or message_stop. `hang`: and the connection stays open. */
  | { readonly kind: "no_end_mark"; readonly hang?: boolean }
  /** A whole stream, and content again behind its end. */
  | { readonly kind: "more_after_end" }
  /** `errorType`: in the words of the format, such as rate_limit_error. */
  | {
      readonly kind: "error_event_after";
      readonly chunk?: number;
      readonly message?: string;
      readonly errorType?: string;
    }
  | { readonly kind: "first_frame_error"; readonly message?: string; readonly errorType?: string }
  /** A body that nobody asked to have compressed, and that grows to `bytes` (default 64 MiB). */
  | { readonly kind: "gzip_bomb"; readonly bytes?: number }
  | { readonly kind: "malformed_json"; readonly chunk?: number }
  /** One content chunk of `bytes` characters (default 2 MiB). */
  | { readonly kind: "oversize_event"; readonly bytes?: number }
  | { readonly kind: "crlf" }
  | { readonly kind: "bom" }
  /** One byte per write, `intervalMs` (default 1) apart. */
  | { readonly kind: "slow_bytes"; readonly intervalMs?: number };

export interface ScriptedToolCall {
  readonly name: string;
  /** The JSON text of the arguments, sent as it is. */
  readonly arguments: string;
}

/** What a model thought before it spoke. */
export interface ScriptedReasoning {
  readonly text: string;
  /** Base64, as every provider has it; chat completions have none. */
  readonly signature: string;
}

export interface Script {
  /** Wait before the response headers. */
  readonly latencyMs?: number;
  /** Wait between the headers and the first content; a plain (not streamed) answer waits it too. */
  readonly firstTokenMs?: number;
  /** Wait between two content chunks of a stream. */
  readonly gapMs?: number;
  /** Tokens as OpenAI counts them: input includes what was read from the cache or written to it, output includes reasoning. */
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  /** Part of the input, written to the cache for five minutes; a format that does not tell lives apart reports one sum of both. */
  readonly cacheWriteTokens?: number;
  /** As `cacheWriteTokens`, for an hour. Gemini's format has no writes. */
  readonly cacheWrite1hTokens?: number;
  /** `"max"`: exactly what the request allows (max_completion_tokens or max_tokens, times n). */
  readonly outputTokens?: number | "max";
  readonly reasoningTokens?: number;
  /** Of input and of output, tokens of sound; chat completions only. */
  readonly audioInputTokens?: number;
  readonly audioOutputTokens?: number;
  /** Content chunks in a stream; slices of the body in a plain answer with a fault "after chunk k". */
  readonly chunks?: number;
  /** Splits the answer's bytes into writes of this size, also inside UTF-8 characters and inside `data:`. */
  readonly bytesPerWrite?: number;
  readonly text?: string;
  readonly finishReason?: string;
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Comes before the text, in formats that have thoughts. */
  readonly reasoning?: ScriptedReasoning;
  readonly usage?: "normal" | "missing" | "zero" | "huge" | "negative";
  /** A chat's stream reports usage beside its last choice, asked or not: as Mistral does, or as Groq does in `x_groq`. */
  readonly usagePlace?: "last_choice" | "x_groq";
  /** Put the emission time (`x_sent_ns`, hrtime as a string) into each stream chunk. */
  readonly stamp?: boolean;
  /** Headers of an answer that is a success. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fault?: Fault;
}

/** One script, or one per call of the same request: the n-th call gets the n-th, later calls the last. */
export type Scripts = Script | readonly Script[];

export type ParsedScripts =
  | { readonly ok: true; readonly scripts: Scripts }
  | { readonly ok: false; readonly problems: string[] };

const TIME_MS_MAX = 3_600_000;
const TOKENS_MAX = 1_000_000_000;
const CHUNKS_MAX = 1_000_000;
const BYTES_MAX = 64 * 1024 * 1024;
const SCRIPTS_MAX = 64;

type Check = (value: unknown) => string | undefined;

const whole =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
const string: Check = (value) => (typeof value === "string" ? undefined : "must be a string");
const boolean: Check = (value) => (typeof value === "boolean" ? undefined : "must be true or false");
const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    typeof value === "string" && allowed.includes(value) ? undefined : `must be one of ${allowed.join(", ")}`;

const tokens = whole(0, TOKENS_MAX);
const timeMs: Check = (value) =>
  typeof value === "number" && value >= 0 && value <= TIME_MS_MAX
    ? undefined
    : `must be a number from 0 to ${TIME_MS_MAX}`;
const outputTokens: Check = (value) => (value === "max" ? undefined : tokens(value));
const toolCalls: Check = (value) =>
  Array.isArray(value) &&
  value.every((call) => isObject(call) && typeof call.name === "string" && typeof call.arguments === "string")
    ? undefined
    : "must be a list of {name, arguments}, both strings";

const reasoning: Check = (value) =>
  isObject(value) && typeof value.text === "string" && typeof value.signature === "string"
    ? undefined
    : "must be {text, signature}, both strings";

const scriptFields: Record<keyof Script, Check> = {
  latencyMs: timeMs,
  firstTokenMs: timeMs,
  gapMs: timeMs,
  inputTokens: tokens,
  cachedInputTokens: tokens,
  cacheWriteTokens: tokens,
  cacheWrite1hTokens: tokens,
  outputTokens,
  reasoningTokens: tokens,
  audioInputTokens: tokens,
  audioOutputTokens: tokens,
  chunks: whole(0, CHUNKS_MAX),
  bytesPerWrite: whole(1, BYTES_MAX),
  text: string,
  finishReason: string,
  toolCalls,
  reasoning,
  usage: oneOf("normal", "missing", "zero", "huge", "negative"),
  usagePlace: oneOf("last_choice", "x_groq"),
  stamp: boolean,
  headers: (value) =>
    isObject(value) && Object.values(value).every((text) => typeof text === "string") ? undefined : "must be texts",
  fault: (value) => {
    const problems = faultProblems(value);
    return problems.length === 0 ? undefined : problems.join("; ");
  },
};

const chunk = whole(0, CHUNKS_MAX);
const faultFields: Record<Fault["kind"], Record<string, Check>> = {
  status: { status: whole(100, 599), body: string, retryAfter: whole(0, 86_400) },
  cut_before_headers: { by: oneOf("rst", "fin") },
  hang_before_headers: {},
  hang_after_headers: {},
  stall_after: { chunk },
  pause_after: { chunk, ms: timeMs },
  cut_after: { chunk, by: oneOf("rst", "fin") },
  end_without_done: { chunk },
  no_end_mark: { hang: boolean },
  more_after_end: {},
  error_event_after: { chunk, message: string, errorType: string },
  first_frame_error: { message: string, errorType: string },
  gzip_bomb: { bytes: whole(1, BYTES_MAX) },
  malformed_json: { chunk },
  oversize_event: { bytes: whole(1, BYTES_MAX) },
  crlf: {},
  bom: {},
  slow_bytes: { intervalMs: timeMs },
};

/** Checks a value from outside (`x_script`, a control call); reports every problem at once, unknown fields too. */
export function parseScripts(value: unknown): ParsedScripts {
  if (Array.isArray(value) && (value.length === 0 || value.length > SCRIPTS_MAX)) {
    return { ok: false, problems: [`a list of scripts has 1 to ${SCRIPTS_MAX} entries`] };
  }
  const problems = Array.isArray(value)
    ? value.flatMap((each, index) => scriptProblems(each).map((problem) => `[${index}].${problem}`))
    : scriptProblems(value);
  // Checked field by field above; the cast only tells the compiler so.
  return problems.length === 0 ? { ok: true, scripts: value as Scripts } : { ok: false, problems };
}

function scriptProblems(value: unknown): string[] {
  if (!isObject(value)) return ["a script must be an object"];
  return fieldProblems(value, scriptFields);
}

function faultProblems(value: unknown): string[] {
  if (!isObject(value)) return ["must be an object"];
  const { kind, ...rest } = value;
  const fields =
    typeof kind === "string" && Object.hasOwn(faultFields, kind) ? faultFields[kind as Fault["kind"]] : null;
  if (fields === null) return [`kind must be one of ${Object.keys(faultFields).join(", ")}`];
  return fieldProblems(rest, fields);
}

function fieldProblems(value: Record<string, unknown>, fields: Record<string, Check>): string[] {
  const problems: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const problem = check === undefined ? "is not a known field" : check(field);
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
  }
  return problems;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
