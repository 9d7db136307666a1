// A client whose stream may be ended early, behind a whole event, as its dialect ends an answer at its limit.
import { SseSplitter, type StreamStop } from "@waybill/surfaces";
import type { AnswerHead, Client } from "../ports.ts";
import { PassingClient } from "./passing-client.ts";

/** An event above this cannot be followed any more: that stream is not ended early. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;

export interface Stopping {
  stream: StreamStop;
  /** Told once, when the last byte was given to the client. */
  onStopped(): void;
}

/** Why it ends, as a comment in the stream, and what was counted of the answer by then. */
export interface StopReason {
  comment: string;
  outputTokens: bigint;
}

export class StoppableClient extends PassingClient {
  readonly #stopping: Stopping;
  readonly #events = new SseSplitter(EVENT_BYTES_MAX);
  #head: AnswerHead | undefined;
  #isFollowed = true;
  /** Of an event that is not whole yet. */
  #restBytes = 0;
  #isOver = false;
  #wanted: StopReason | undefined;

  constructor(client: Client, stopping: Stopping) {
    super(client);
    this.#stopping = stopping;
  }

  /** Ends the stream behind the event that is being sent. Without effect on one that is over or was not begun. */
  stop(reason: StopReason): void {
    this.#wanted ??= reason;
    if (this.#restBytes === 0) this.#stop();
  }

  override stream(head: AnswerHead, bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#head = head;
    if (!this.#isFollowed) {
      this.client.stream(head, bytes);
      return;
    }
    const wholeBytes = this.#follow(bytes);
    if (!this.#wanted || wholeBytes === 0) {
      this.client.stream(head, bytes);
      return;
    }
    this.client.stream(head, bytes.subarray(0, wholeBytes));
    this.#stop();
  }

  override endStream(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.client.endStream();
  }

  #stop(): void {
    const head = this.#head;
    const reason = this.#wanted;
    if (!head || !reason || this.#isOver || !this.#isFollowed) return;
    this.#isOver = true;
    const text = `: ${reason.comment}\n\n${this.#stopping.stream.end(reason.outputTokens)}`;
    this.client.stream(head, Buffer.from(text));
    this.client.stoppedEarly();
    this.client.endStream();
    this.#stopping.onStopped();
  }

  /** How many of these bytes belong to events that are whole with them. */
  #follow(bytes: Uint8Array): number {
    const restBefore = this.#restBytes;
    let wholeBytes = 0;
    try {
      for (const { raw, data } of this.#events.push(bytes)) {
        wholeBytes += raw.length;
        if (data) this.#saw(data);
      }
    } catch {
      this.#isFollowed = false;
      return 0;
    }
    this.#restBytes = restBefore + bytes.length - wholeBytes;
    return Math.max(0, wholeBytes - restBefore);
  }

  #saw(data: Uint8Array): void {
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8");
    if (text === "[DONE]") {
      // Nothing is left to be ended.
      this.#isFollowed = false;
      return;
    }
    try {
      const event: unknown = JSON.parse(text);
      if (typeof event === "object" && event !== null) this.#stopping.stream.saw(event as Record<string, unknown>);
    } catch {
      // What is no JSON says nothing of the stream's state.
    }
  }
}
