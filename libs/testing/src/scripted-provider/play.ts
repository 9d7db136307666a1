// Plays a plan on a real response: waits, writes in the sizes asked for, respects the reader's pace, misbehaves as told
// and notes every byte in the oracle. An answer without waits and faults goes out in one write, with no timer at all.

import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { CallRecord } from "./oracle-log.ts";
import type { CallPlan, ScriptedRequest } from "./plan.ts";
import type { Fault } from "./script.ts";
import { endsBadly, plainBody, plainSteps, type Step, streamSteps } from "./steps.ts";
import type { AnswerIdentity, Piece, Voice } from "./voices/voice.ts";

/** A stream with more chunks than this is written chunk by chunk, so that a slow reader is felt. */
const AT_ONCE_CHUNKS_MAX = 256;
const GZIP_BYTES = 64 * 1024 * 1024;

export interface Answer {
  readonly voice: Voice;
  readonly plan: CallPlan;
  readonly request: ScriptedRequest;
  readonly identity: AnswerIdentity;
  readonly record: CallRecord;
}

/**
 * Sends the answer. What takes time goes on after the return, is in `running` while it does, and never throws because
 * of what the client does.
 */
export function play(response: ServerResponse, answer: Answer, running: Set<ServerResponse>): void {
  if (isAtOnce(answer.plan)) {
    playAtOnce(response, answer);
    return;
  }
  running.add(response);
  response.once("close", () => {
    running.delete(response);
    if (!response.writableFinished) answer.record.clientLeft();
  });
  void playSlowly(response, answer);
}

async function playSlowly(response: ServerResponse, answer: Answer): Promise<void> {
  const { voice, plan, record } = answer;
  if (plan.latencyMs > 0 && !(await waitOrGone(response, plan.latencyMs))) return;
  if (plan.fault !== undefined) record.entry.fault = plan.fault.kind;
  if (plan.fault?.kind === "status") playStatus(response, voice, record, plan.fault);
  else if (plan.fault?.kind === "gzip_bomb") playGzip(response, answer, plan.fault.bytes ?? GZIP_BYTES);
  else if (plan.fault?.kind === "cut_before_headers") {
    record.ended("faulted");
    cutConnection(response, plan.fault.by ?? "rst");
  } else if (plan.fault?.kind !== "hang_before_headers") await playSteps(response, answer);
}

function playStatus(
  response: ServerResponse,
  voice: Voice,
  record: CallRecord,
  fault: Extract<Fault, { kind: "status" }>,
): void {
  const status = fault.status ?? 500;
  const body = Buffer.from(
    fault.body ?? voice.errorBody(`scripted status ${status}`, "scripted_error", `scripted_${status}`, status),
  );
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": body.length,
    ...voice.errorHeaders?.(status),
  };
  if (fault.retryAfter !== undefined) headers["retry-after"] = fault.retryAfter;
  record.entry.status = status;
  response.writeHead(status, headers);
  record.sent(body);
  record.ended("faulted");
  response.end(body);
}

function playGzip(response: ServerResponse, { request, voice, record }: Answer, bytes: number): void {
  const body = gzipSync(Buffer.alloc(bytes, " "));
  record.entry.status = 200;
  response.writeHead(200, {
    "content-type": request.stream ? voice.streamType : "application/json",
    "content-encoding": "gzip",
    "content-length": body.length,
  });
  record.sent(body);
  record.ended("faulted");
  response.end(body);
}

function isAtOnce(plan: CallPlan): boolean {
  const isQuick = plan.latencyMs === 0 && plan.gapMs === 0 && plan.firstTokenMs === 0;
  return isQuick && plan.bytesPerWrite === undefined && plan.fault === undefined && plan.chunks <= AT_ONCE_CHUNKS_MAX;
}

function playAtOnce(response: ServerResponse, answer: Answer): void {
  const { voice, plan, request, identity, record } = answer;
  let text: string | Buffer = "";
  if (request.stream) {
    const pieces: Piece[] = [];
    for (const step of streamSteps(voice, plan, request, identity, process.hrtime.bigint)) {
      if (step.kind === "write") pieces.push(step.text);
    }
    text = joined(pieces);
    record.entry.contentChunksSent = plan.chunks;
  } else {
    text = plainBody(voice, plan, request, identity);
  }
  const isUsageSent = request.includeUsage || plan.usagePlace !== undefined || !request.stream;
  if (plan.usage !== undefined && isUsageSent) record.usageSent(plan.usage);
  sendHeaders(response, answer, request.stream ? undefined : Buffer.byteLength(text));
  record.sent(text);
  record.ended("completed");
  // As a string it leaves in one write together with the headers.
  response.end(text);
}

/** Text stays text: it leaves in one write with the headers. */
function joined(pieces: readonly Piece[]): string | Buffer {
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece as Uint8Array)));
}

async function playSteps(response: ServerResponse, answer: Answer): Promise<void> {
  const { voice, plan, request, identity, record } = answer;
  const steps = request.stream
    ? streamSteps(voice, plan, request, identity, process.hrtime.bigint)
    : plainSteps(voice, plan, request, identity);
  // A body cleanly cut short must not promise its length; one cut by the connection does, as a real one would.
  const promised =
    request.stream || plan.fault?.kind === "end_without_done" || plan.fault?.kind === "error_event_after";
  sendHeaders(response, answer, promised ? undefined : Buffer.byteLength(plainBody(voice, plan, request, identity)));
  response.flushHeaders();
  if (plan.fault?.kind === "hang_after_headers") return;

  for (const step of steps) {
    if (!(await playStep(response, answer, step))) return;
  }
  record.ended(endsBadly(plan) ? "faulted" : "completed");
  response.end();
}

/** False when the answer ends here: the client left, or the step cut or stalled it. */
async function playStep(response: ServerResponse, { plan, record }: Answer, step: Step): Promise<boolean> {
  if (response.destroyed) return false;
  if (step.kind === "wait") return waitOrGone(response, step.ms);
  if (step.kind === "stall") return false;
  if (step.kind === "cut") {
    record.ended("faulted");
    cutConnection(response, step.by);
    return false;
  }
  if (!(await writeInPieces(response, record, plan, Buffer.from(step.text as Uint8Array)))) return false;
  record.entry.contentChunksSent += step.contentChunks;
  if (step.usage !== undefined) record.usageSent(step.usage);
  return true;
}

async function writeInPieces(
  response: ServerResponse,
  record: CallRecord,
  plan: CallPlan,
  bytes: Buffer,
): Promise<boolean> {
  if (plan.bytesPerWrite === undefined) {
    record.sent(bytes);
    return response.write(bytes) || drainOrGone(response);
  }
  const intervalMs = plan.fault?.kind === "slow_bytes" ? (plan.fault.intervalMs ?? 1) : 0;
  for (let at = 0; at < bytes.length; at += plan.bytesPerWrite) {
    const piece = bytes.subarray(at, at + plan.bytesPerWrite);
    record.sent(piece);
    if (!(await flushedOrGone(response, piece))) return false;
    if (intervalMs > 0 && !(await waitOrGone(response, intervalMs))) return false;
  }
  return true;
}

function sendHeaders(response: ServerResponse, answer: Answer, contentLength: number | undefined): void {
  answer.record.entry.status = 200;
  const headers: Record<string, string | number> = {
    "content-type": answer.request.stream ? answer.voice.streamType : "application/json",
    "x-request-id": answer.voice.answerId(answer.identity),
    ...answer.plan.headers,
  };
  if (contentLength !== undefined) headers["content-length"] = contentLength;
  response.writeHead(200, headers);
}

function cutConnection(response: ServerResponse, by: "rst" | "fin"): void {
  const socket = response.socket;
  if (socket === null) return;
  if (by === "fin") {
    socket.destroySoon();
    return;
  }
  // A reset throws away what still waits in this process; the empty write ends when the kernel has all before it.
  socket.write(Buffer.alloc(0), () => socket.resetAndDestroy());
}

/** Waits, unless the client leaves first; says whether the client is still there. */
function waitOrGone(response: ServerResponse, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      response.off("close", gone);
      resolve(true);
    }, ms);
    response.once("close", gone);
  });
}

function drainOrGone(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const drained = () => {
      response.off("close", gone);
      resolve(true);
    };
    const gone = () => {
      response.off("drain", drained);
      resolve(false);
    };
    response.once("drain", drained);
    response.once("close", gone);
  });
}

/** Writes and waits until the kernel has it, so that the next piece is a write of its own. */
function flushedOrGone(response: ServerResponse, piece: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    response.once("close", gone);
    response.write(piece, (error) => {
      response.off("close", gone);
      resolve(error === undefined || error === null);
    });
  });
}
