// An answer as a list of steps (wait, write, stall, cut), made lazily from a plan: the same list serves an answer at
// once and one that takes minutes. Nothing here touches a socket.

import type { CallPlan, ReportedUsage, ScriptedRequest } from "./plan.ts";
import type { AnswerIdentity, Piece, Voice } from "./voices/voice.ts";

export type Step =
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "write"; readonly text: Piece; readonly contentChunks: 0 | 1; readonly usage?: ReportedUsage }
  /** Sends nothing more and keeps the connection open. */
  | { readonly kind: "stall" }
  | { readonly kind: "cut"; readonly by: "rst" | "fin" };

const STALL: Step = { kind: "stall" };
const BOM = "\u{feff}";
const DEFAULT_FAULT_CHUNK = 1;

/** These only make an answer odd or slow. */
const HARMLESS = new Set(["crlf", "bom", "slow_bytes", "oversize_event", "pause_after", "more_after_end"]);

/** True for faults after which the caller has no whole, valid answer. */
export function endsBadly({ fault }: CallPlan): boolean {
  return fault !== undefined && !HARMLESS.has(fault.kind);
}

/** A stream's events, in the order of its voice. */
export function* streamSteps(
  voice: Voice,
  plan: CallPlan,
  request: ScriptedRequest,
  identity: AnswerIdentity,
  nowNs: () => bigint,
): Generator<Step> {
  const stream = voice.stream(plan, request, identity, nowNs);
  const ended = (text: Piece): Piece =>
    plan.fault?.kind === "crlf" && typeof text === "string" ? text.replaceAll("\n", "\r\n") : text;
  const broken = breakOff(plan);

  const begin = stream.begin();

  if (plan.fault?.kind === "bom" && typeof begin === "string") yield write(BOM);
  if (plan.fault?.kind === "first_frame_error") {
    yield write(ended(stream.error(plan.fault.message ?? "scripted first-frame error", plan.fault.errorType)));
    return;
  }
  yield write(ended(begin));

  const error = (message: string, type?: string): Piece => ended(stream.error(message, type));
  for (let index = 0; index < plan.chunks; index++) {
    if (broken?.after === index) return yield* stopSteps(broken.stop, error);
    const ms = (index === 0 ? plan.firstTokenMs : plan.gapMs) + pauseBefore(plan, index);
    if (ms > 0) yield { kind: "wait", ms };
    const text = stream.content(index);
    yield { kind: "write", text: ended(isMalformed(plan, index) ? breakPiece(text) : text), contentChunks: 1 };
  }
  if (broken !== undefined) return yield* stopSteps(broken.stop, error);

  for (const text of stream.toolCalls()) yield write(ended(text));
  const end = stream.end();
  for (const { text, usage } of plan.fault?.kind === "no_end_mark" ? end.slice(0, -1) : end) {
    yield { kind: "write", text: ended(text), contentChunks: 0, ...(usage !== undefined && { usage }) };
  }
  if (plan.fault?.kind === "no_end_mark" && plan.fault.hang) yield STALL;
  if (plan.fault?.kind === "more_after_end") yield write(stream.content(0));
}

/** A plain JSON answer: in one piece, or in `chunks` slices where a fault needs a middle. */
export function* plainSteps(
  voice: Voice,
  plan: CallPlan,
  request: ScriptedRequest,
  identity: AnswerIdentity,
): Generator<Step> {
  if (plan.firstTokenMs > 0) yield { kind: "wait", ms: plan.firstTokenMs };
  const body = plainBody(voice, plan, request, identity);
  const broken = breakOff(plan);
  if (broken === undefined) {
    const isWhole = plan.usage !== undefined && !endsBadly(plan);
    yield { kind: "write", text: body, contentChunks: 0, ...(isWhole ? { usage: plan.usage } : {}) };
    return;
  }
  // One slice more than chunks: even "after the last chunk" leaves the body incomplete.
  const slices = plan.chunks + 1;
  for (let index = 0; index < broken.after; index++) {
    if (index > 0 && plan.gapMs > 0) yield { kind: "wait", ms: plan.gapMs };
    const from = Math.floor((index * body.length) / slices);
    const to = Math.floor(((index + 1) * body.length) / slices);
    yield { kind: "write", text: body.slice(from, to), contentChunks: 1 };
  }
  yield* stopSteps(broken.stop, (message, type = "server_error") =>
    voice.errorBody(message, type, "scripted_error", 500),
  );
}

/** The whole body that a plain answer has, broken where the fault says so. */
export function plainBody(voice: Voice, plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): string {
  if (plan.fault?.kind === "first_frame_error") {
    const { message = "scripted first-frame error", errorType = "server_error" } = plan.fault;
    return voice.errorBody(message, errorType, "scripted_error", 500);
  }
  const body = voice.plainBody(plan, request, identity);
  if (plan.fault?.kind === "bom") return BOM + body;
  return plan.fault?.kind === "malformed_json" ? body.slice(0, body.length >> 1) : body;
}

type Stop =
  | { readonly kind: "stall" }
  | { readonly kind: "cut"; readonly by: "rst" | "fin" }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly message: string; readonly type: string | undefined };

/** Where the answer breaks off, if it does; never later than after its last chunk. */
function breakOff(plan: CallPlan): { readonly after: number; readonly stop: Stop } | undefined {
  const fault = plan.fault;
  const at = (chunk: number | undefined, stop: Stop) => ({
    after: Math.min(chunk ?? DEFAULT_FAULT_CHUNK, plan.chunks),
    stop,
  });
  switch (fault?.kind) {
    case "stall_after":
      return at(fault.chunk, { kind: "stall" });
    case "cut_after":
      return at(fault.chunk, { kind: "cut", by: fault.by ?? "rst" });
    case "end_without_done":
      return at(fault.chunk, { kind: "end" });
    case "error_event_after":
      return at(fault.chunk, {
        kind: "error",
        message: fault.message ?? "scripted error in the middle of the stream",
        type: fault.errorType,
      });
    default:
      return undefined;
  }
}

function* stopSteps(stop: Stop, error: (message: string, type?: string) => Piece): Generator<Step> {
  if (stop.kind === "stall") yield STALL;
  if (stop.kind === "cut") yield { kind: "cut", by: stop.by };
  if (stop.kind === "error") yield write(error(stop.message, stop.type));
}

function pauseBefore({ fault }: CallPlan, index: number): number {
  return fault?.kind === "pause_after" && (fault.chunk ?? DEFAULT_FAULT_CHUNK) === index ? fault.ms : 0;
}

function isMalformed(plan: CallPlan, index: number): boolean {
  if (plan.fault?.kind !== "malformed_json") return false;
  return Math.min(plan.fault.chunk ?? DEFAULT_FAULT_CHUNK, plan.chunks - 1) === index;
}

/** Drops the tail of the event's JSON; the event itself still ends as it should. Of a binary one, turns a bit. */
function breakPiece(event: Piece): Piece {
  if (typeof event !== "string") return event.map((byte, at) => (at === event.length >> 1 ? byte ^ 1 : byte));
  return `${event.slice(0, event.length >> 1)}\n\n`;
}

function write(text: Piece): Step {
  return { kind: "write", text, contentChunks: 0 };
}
