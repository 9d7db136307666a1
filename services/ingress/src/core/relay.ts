// Attempt events -> what the client is told. One relay per attempt; it resolves `end` exactly once.
import { formatUsd, WaybillError } from "@waybill/domain";
import type { Decision, FrameFailed, FrameFinished } from "@waybill/wire";
import type { AnswerHead, Client } from "../ports.ts";
import { headOf } from "./answer-head.ts";
import type { AttemptEvent } from "./attempt.ts";
import { failedFrameError } from "./refusal-error.ts";

/** How an attempt ended for its request. */
export type AttemptEnd =
  | { kind: "complete"; finished: FrameFinished }
  | { kind: "failed"; error: WaybillError; account: FailedAccount }
  /** Ended early, as at a limit: a soft budget had nothing left. */
  | { kind: "stopped" }
  | { kind: "client_gone" };

/** Which of the provider's accounts failed; an empty id: none was called. `otherAccount`: another one may be asked at once. */
export type FailedAccount = Pick<FrameFailed, "account" | "otherAccount">;
export const NO_ACCOUNT: FailedAccount = { account: "", otherAccount: false };

export class Relay {
  readonly end: Promise<AttemptEnd>;
  readonly #client: Client;
  #head: AnswerHead;
  readonly #isStream: boolean;
  readonly #answerBytesMax: number;
  readonly #cancel: (reason: "superseded" | "budget_exceeded") => void;
  #resolve: (end: AttemptEnd) => void = () => {};
  #status = 200;
  #contentType = "application/json";
  #collected: Buffer[] = [];
  #collectedBytes = 0;

  constructor(
    client: Client,
    decision: Decision,
    isStream: boolean,
    answerBytesMax: number,
    cancel: (reason: "superseded" | "budget_exceeded") => void,
  ) {
    this.#client = client;
    this.#head = headOf(decision);
    this.#isStream = isStream;
    this.#answerBytesMax = answerBytesMax;
    this.#cancel = cancel;
    this.end = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  on(event: AttemptEvent): void {
    switch (event.kind) {
      case "started":
        this.#status = event.frame.status;
        this.#contentType = event.frame.contentType;
        this.#head = { ...this.#head, droppedFields: event.frame.droppedFields };
        return;
      case "data":
        this.#onData(event.bytes);
        return;
      case "finished":
        this.#onFinished(event.frame);
        return;
      case "failed":
        if (this.#client.isGone) this.#resolve({ kind: "client_gone" });
        else this.#fail(failedFrameError(event.frame), event.frame);
        return;
      case "gap":
        // What the worker still sends is of no use to anybody.
        this.#cancel("superseded");
        this.#fail(new WaybillError("stream_gap"));
        return;
      case "worker_lost":
        this.#fail(new WaybillError("worker_lost"));
        return;
      case "unclaimed":
        this.#fail(new WaybillError("no_workers", { publicMessage: "No worker had room for this request in time." }));
        return;
      case "aborted":
        this.#fail(event.error);
        return;
    }
  }

  #onData(bytes: Uint8Array): void {
    if (this.#client.isGone) return;
    if (this.#isStream) {
      this.#client.stream(this.#head, bytes);
      return;
    }
    this.#collectedBytes += bytes.length;
    if (this.#collectedBytes > this.#answerBytesMax) {
      this.#cancel("superseded");
      this.#collected = [];
      this.#fail(new WaybillError("upstream_malformed", { publicMessage: "The provider's answer is too large." }));
      return;
    }
    this.#collected.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  /** The client was told the end already; what still comes is nobody's. */
  stopped(): void {
    this.#cancel("budget_exceeded");
    this.#resolve({ kind: "stopped" });
  }

  #onFinished(finished: FrameFinished): void {
    if (this.#client.isGone) {
      this.#resolve({ kind: "client_gone" });
      return;
    }
    if (this.#isStream) this.#client.endStream();
    else {
      const costUsd = finished.costKnown ? formatUsd(finished.costPicoUsd) : "";
      this.#client.answer(this.#head, this.#status, this.#contentType, this.#collected, costUsd);
    }
    this.#resolve({ kind: "complete", finished });
  }

  #fail(error: WaybillError, { account, otherAccount }: FailedAccount = NO_ACCOUNT): void {
    const failed = { kind: "failed", error, account: { account, otherAccount } } as const;
    this.#resolve(this.#client.isGone ? { kind: "client_gone" } : failed);
  }
}
