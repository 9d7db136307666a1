// The client's side of one request over node:http: head, stream with a bounded buffer, errors before and inside a stream.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { WaybillError } from "@waybill/domain";
import type { AnswerHead, Client, GoneReason } from "../ports.ts";
import { answerError } from "./answer-error.ts";
import { answerHeaders, failureHeaders } from "./answer-headers.ts";
import { errorSurface } from "./error-surface.ts";
import { Heartbeat } from "./heartbeat.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import type { Reader, ReaderRoom } from "./reader-room.ts";

export interface HttpClientOptions {
  requestId: string;
  /** What may wait for a slow reader. */
  bufferBytesMax: number;
  /** What may wait for all of them. */
  room: ReaderRoom;
  /** Silence in a stream after which it is sent a sign of life; 0: never. */
  heartbeatMs: number;
  onFirstByte(): void;
}

/** A whole answer of which the reader takes nothing for so long is given up. */
const STALLED_MS = 60_000;

/** The trailer of a stream that was stopped. */
const STOPPED = "x-waybill-stopped";

export class HttpClient implements Client, Reader {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #options: HttpClientOptions;
  #requestId: string;
  #heartbeat: Heartbeat | undefined;
  #complete = false;
  #gone = false;
  #streaming = false;
  /** Of the stream, heartbeats aside. */
  #lastShown: Uint8Array | undefined;
  #goneListeners: ((reason: GoneReason) => void)[] = [];

  constructor(request: IncomingMessage, response: ServerResponse, options: HttpClientOptions) {
    this.#request = request;
    this.#response = response;
    this.#options = options;
    this.#requestId = options.requestId;
    // `close` also follows a complete answer; only before that does it mean that the client has left.
    response.on("close", () => {
      options.room.waits(this, 0);
      this.#leave("client_gone");
    });
    response.on("drain", () => options.room.waits(this, 0));
    request.on("aborted", () => this.#leave("client_gone"));
  }

  get isGone(): boolean {
    return this.#gone;
  }

  get hasContent(): boolean {
    return this.#streaming;
  }

  /** True once the answer, or its error, was written to the end. */
  get isComplete(): boolean {
    return this.#complete;
  }

  rename(requestId: string): void {
    this.#requestId = requestId;
  }

  onGone(listener: (reason: GoneReason) => void): void {
    if (this.#gone) listener("client_gone");
    else this.#goneListeners = [listener];
  }

  answer(head: AnswerHead, status: number, contentType: string, body: Buffer[], costUsd: string): void {
    // Told meanwhile that this process is going.
    if (this.#complete) return;
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    this.#options.onFirstByte();
    const headers = this.#headers(head);
    if (costUsd !== "") headers["x-waybill-cost-usd"] = costUsd;
    headers["content-type"] = contentType;
    headers["content-length"] = String(length);
    this.#response.writeHead(status, headers);
    const [first] = body;
    this.#complete = true;
    this.#response.end(body.length === 1 ? first : Buffer.concat(body, length));
    this.#watchReading();
  }

  stream(head: AnswerHead, bytes: Uint8Array): void {
    if (this.#complete || this.#gone) return;
    if (!this.#streaming) this.#beginStream(head);
    // Only what came before tells how a reader reads: a kept answer comes in one piece, and may be larger than what may wait.
    const isSlow = this.#response.writableLength > this.#options.bufferBytesMax;
    if (isSlow) {
      this.cut();
      return;
    }
    this.#response.write(bytes);
    this.#lastShown = bytes;
    this.#heartbeat?.wrote(bytes);
    this.#options.room.waits(this, this.#response.writableLength);
  }

  /** No event may end a stream the reader does not read; the cut connection tells it that the answer is not whole. */
  cut(): void {
    this.#leave("slow_reader");
    this.#response.destroy();
  }

  stoppedEarly(): void {
    if (!this.#gone && !this.#complete) this.#response.addTrailers({ [STOPPED]: "budget_exceeded" });
  }

  endStream(): void {
    this.#end();
  }

  fail(error: WaybillError, head?: AnswerHead): void {
    if (this.#gone || this.#complete) return;
    if (this.#streaming) {
      this.#response.write(errorSurface(this.#request.url).errorEvent(error, this.#requestId, this.#lastShown));
      this.#end();
      return;
    }
    this.#complete = true;
    const headers = head && failureHeaders(head, this.#request.headers);
    answerError(this.#request, this.#response, error, this.#requestId, headers);
  }

  /** The connection takes no further request after this answer, unless the answer has begun. */
  closeAfterAnswer(): void {
    this.#response.shouldKeepAlive = false;
  }

  #beginStream(head: AnswerHead): void {
    this.#streaming = true;
    this.#options.onFirstByte();
    this.#response.writeHead(200, {
      ...this.#headers(head),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      // Proxies such as nginx would otherwise collect the stream before passing it on.
      "x-accel-buffering": "no",
      ...(head.mayBeStopped && { trailer: STOPPED }),
    });
    this.#response.socket?.setNoDelay(true);
    const { heartbeatMs } = this.#options;
    if (heartbeatMs > 0) this.#heartbeat = new Heartbeat(heartbeatMs, () => this.#beat());
  }

  /** A reader with bytes still to come knows that the stream is alive. */
  #beat(): void {
    if (this.#response.writableLength === 0) this.#response.write(errorSurface(this.#request.url).heartbeat);
  }

  #end(): void {
    this.#complete = true;
    this.#heartbeat?.stop();
    this.#response.end();
    this.#watchReading();
  }

  /** What is left of a whole answer takes memory until its reader has it. Node resets the timeout when it does. */
  #watchReading(): void {
    const waiting = this.#response.writableLength;
    if (waiting === 0) return;
    this.#options.room.waits(this, waiting);
    this.#response.setTimeout(STALLED_MS, () => this.#response.destroy());
  }

  #leave(reason: GoneReason): void {
    if (this.#complete || this.#gone) return;
    this.#gone = true;
    this.#heartbeat?.stop();
    for (const listener of this.#goneListeners) listener(reason);
  }

  /** What was left when an earlier answer was given says nothing about now. */
  #rateHeaders({ rateLimits = [], isReplayed, cache }: AnswerHead): Record<string, string> {
    if (isReplayed || cache === "hit") return {};
    return rateLimitHeaders(rateLimits, errorSurface(this.#request.url).name, Date.now());
  }

  #headers(head: AnswerHead): Record<string, string> {
    const ids = { "x-request-id": this.#requestId, "request-id": this.#requestId };
    return { ...ids, ...this.#rateHeaders(head), ...answerHeaders(head, this.#request.headers) };
  }
}
