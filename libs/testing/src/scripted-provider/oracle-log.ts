// The oracle: one entry per call that reached the provider, with what came in, every byte that went out, and how it
// ended. Tests and benchmarks hold the gateway's books against it. Bounded; what no longer fits is counted, not kept.

import { createHash, type Hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { sha256 } from "./fingerprint.ts";
import type { ReportedUsage } from "./plan.ts";

/** `running` until it ends; `client_aborted` means that the caller closed the connection first. */
export type CallEnd = "running" | "completed" | "client_aborted" | "faulted";

export interface CallEntry {
  /** From 1, in the order in which requests were complete. */
  sequence: number;
  path: string;
  /** As received; values that may be credentials are replaced by `sha256:<hex>`. */
  headers: IncomingHttpHeaders;
  requestId: string | undefined;
  attemptId: string | undefined;
  model: string | undefined;
  stream: boolean;
  maxTokens: number | undefined;
  bodySha256: string;
  bodyBytes: number;
  /** The request's body; only with `logBytes`. */
  bodyText: string | undefined;
  /** 0 until headers are sent. */
  status: number;
  /** Of the answer's body, without HTTP framing; counted when handed to the socket. */
  sentBytes: number;
  /** Empty while the call runs. */
  sentSha256: string;
  /** Base64 of all bytes sent; only with `logBytes`. */
  sentBase64: string | undefined;
  contentChunksSent: number;
  /** What the answer told the caller, undefined while no usage has been sent. */
  tokensReported: ReportedUsage | undefined;
  receivedAtMs: number;
  firstByteAtMs: number | undefined;
  endedAtMs: number | undefined;
  end: CallEnd;
  fault: string | undefined;
}

/** Sums over all calls since the last clear, kept or not. */
export interface OracleSummary {
  calls: number;
  running: number;
  completed: number;
  clientAborted: number;
  faulted: number;
  inputTokensReported: number;
  outputTokensReported: number;
  /** Calls whose entry did not fit any more. */
  entriesDropped: number;
}

export interface OracleLogOptions {
  /** Keep every byte received and sent, not only its hash and length. */
  readonly logBytes?: boolean;
  readonly entriesMax?: number;
}

const DEFAULT_ENTRIES_MAX = 100_000;

export class OracleLog {
  #entries: CallEntry[] = [];
  #sequence = 0;
  #summary = emptySummary();
  readonly #logBytes: boolean;
  readonly #entriesMax: number;

  constructor(options: OracleLogOptions = {}) {
    this.#logBytes = options.logBytes ?? false;
    this.#entriesMax = options.entriesMax ?? DEFAULT_ENTRIES_MAX;
  }

  /** All kept entries, oldest first; with `after`, only those with a greater sequence. */
  entries(after = 0): readonly CallEntry[] {
    return after === 0 ? this.#entries : this.#entries.filter((entry) => entry.sequence > after);
  }

  forRequest(requestId: string): readonly CallEntry[] {
    return this.#entries.filter((entry) => entry.requestId === requestId);
  }

  summary(): OracleSummary {
    return { ...this.#summary };
  }

  /** Forgets everything. Calls that still run end without a trace in the new log. */
  clear(): void {
    this.#entries = [];
    this.#summary = emptySummary();
  }

  begin(received: Pick<CallEntry, "path" | "headers"> & { readonly body: Buffer }): CallRecord {
    this.#sequence += 1;
    // Real providers are told the attempt as x-request-id; simulated ones by a header of its own, too.
    const attemptId = header(received.headers, "x-waybill-attempt-id") ?? header(received.headers, "x-request-id");
    const isKept = this.#entries.length < this.#entriesMax;
    const entry: CallEntry = {
      sequence: this.#sequence,
      path: received.path,
      headers: received.headers,
      requestId: header(received.headers, "x-waybill-request-id") ?? withoutAttempt(attemptId),
      attemptId,
      model: undefined,
      stream: false,
      maxTokens: undefined,
      bodySha256: isKept ? sha256(received.body) : "",
      bodyBytes: received.body.length,
      bodyText: isKept && this.#logBytes ? received.body.toString("utf8") : undefined,
      status: 0,
      sentBytes: 0,
      sentSha256: "",
      sentBase64: undefined,
      contentChunksSent: 0,
      tokensReported: undefined,
      receivedAtMs: Date.now(),
      firstByteAtMs: undefined,
      endedAtMs: undefined,
      end: "running",
      fault: undefined,
    };
    const summary = this.#summary;
    summary.calls += 1;
    summary.running += 1;
    if (isKept) this.#entries.push(entry);
    else summary.entriesDropped += 1;
    return new CallRecord(entry, summary, isKept ? (this.#logBytes ? "bytes" : "hash") : "sums");
  }
}

/** Writes one entry while its call runs. */
export class CallRecord {
  readonly entry: CallEntry;
  readonly #summary: OracleSummary;
  // Most answers are one write: those are hashed in one call at the end, which costs half.
  #first: Buffer | string = "";
  #writes = 0;
  #hash: Hash | undefined;
  readonly #isHashed: boolean;
  readonly #sent: Buffer[] | undefined;

  /** `sums`: nobody will read the entry, so nothing is hashed. */
  constructor(entry: CallEntry, summary: OracleSummary, keep: "bytes" | "hash" | "sums") {
    this.entry = entry;
    this.#summary = summary;
    this.#isHashed = keep !== "sums";
    this.#sent = keep === "bytes" ? [] : undefined;
  }

  /** Text counts as UTF-8. */
  sent(bytes: Buffer | string): void {
    this.#writes += 1;
    if (this.#writes === 1) {
      this.entry.firstByteAtMs = Date.now();
      this.#first = bytes;
    } else if (this.#isHashed) {
      this.#hash ??= createHash("sha256").update(this.#first);
      this.#hash.update(bytes);
    }
    this.entry.sentBytes += Buffer.byteLength(bytes);
    this.#sent?.push(Buffer.from(bytes));
  }

  usageSent(usage: ReportedUsage): void {
    this.entry.tokensReported = usage;
  }

  /** The first end stands, except that a client that left before the last byte was flushed did not get the answer. */
  ended(end: Exclude<CallEnd, "running">): void {
    if (this.entry.end !== "running") return;
    this.entry.end = end;
    this.entry.endedAtMs = Date.now();
    if (this.#isHashed) this.entry.sentSha256 = this.#hash?.digest("hex") ?? sha256(this.#first);
    this.#first = "";
    if (this.#sent !== undefined) this.entry.sentBase64 = Buffer.concat(this.#sent).toString("base64");
    this.#summary.running -= 1;
    this.#count(end, 1);
    this.#summary.inputTokensReported += this.entry.tokensReported?.inputTokens ?? 0;
    this.#summary.outputTokensReported += this.entry.tokensReported?.outputTokens ?? 0;
  }

  clientLeft(): void {
    if (this.entry.end === "completed") {
      this.#count("completed", -1);
      this.#count("client_aborted", 1);
      this.entry.end = "client_aborted";
    } else {
      this.ended("client_aborted");
    }
  }

  #count(end: Exclude<CallEnd, "running">, by: number): void {
    if (end === "completed") this.#summary.completed += by;
    else if (end === "client_aborted") this.#summary.clientAborted += by;
    else this.#summary.faulted += by;
  }
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** `<request id>.<n>` without the number. */
function withoutAttempt(attemptId: string | undefined): string | undefined {
  return attemptId?.replace(/\.\d+$/, "");
}

function emptySummary(): OracleSummary {
  return {
    calls: 0,
    running: 0,
    completed: 0,
    clientAborted: 0,
    faulted: 0,
    inputTokensReported: 0,
    outputTokensReported: 0,
    entriesDropped: 0,
  };
}
