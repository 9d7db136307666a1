// One provider call, from the first byte out to how it ended. Driven by the connection's events, the sweep of the open
// attempts and a cancel, whichever comes first; the first end stands.

import { type Clock, ERRORS, type ErrorCode, WaybillError } from "@waybill/domain";
import type { Waybill } from "@waybill/wire";
import type { Reply, Upstream, UpstreamCall, UpstreamEvents } from "../ports.ts";
import type { Exchange, StreamReader, StreamStep } from "../providers/provider.ts";
import { Deadlines, type TimeoutName } from "./deadlines.ts";
import { type Ending, type Failure, failureWith, type Reach } from "./ending.ts";
import type { Carried } from "./open-attempts.ts";
import { Throughput } from "./throughput.ts";

/** A plain answer, which is read whole. */
const PLAIN_BYTES_MAX = 64 * 1024 * 1024;
const TOO_LARGE = "The provider's answer is larger than 64 MiB. Of embeddings, ask for fewer, or in base64.";
/** All of a stream; beyond it something is wrong with the provider. */
const STREAM_BYTES_MAX = 512 * 1024 * 1024;
/** Of an error's body; its message stands at the front. */
const REFUSAL_BYTES_MAX = 64 * 1024;

export interface Carriage {
  waybill: Waybill;
  upstream: Pick<Upstream, "mask">;
  exchange: Exchange;
  /** Fields of the client's body that the request does not have. */
  droppedFields: readonly string[];
  reply: Reply;
  clock: Clock;
  /** The call begins: connecting, the first content and the duration count from here. */
  calledAtMs: number;
  /** The attempt's total time runs out; set by the claim. */
  totalDueAtMs: number;
  /** Of text, in a stream that has begun; 0: as slow as it likes. */
  bytesPerSecondMin: number;
  /** The first data frame is out. */
  onFirstData(): void;
  /** Told once. */
  onEnding(ending: Ending): void;
}

export class ProviderCall implements UpstreamEvents, Carried {
  readonly #carriage: Carriage;
  readonly #deadlines: Deadlines;
  readonly #throughput: Throughput;
  readonly #reader: StreamReader | undefined;
  #call: UpstreamCall | undefined;
  #reach: Reach = "not_sent";
  #status = 0;
  #header: (name: string) => string = () => "";
  /** What is read whole: a plain answer, or the body of a refusal. */
  #pieces: Uint8Array[] = [];
  #bodyBytes = 0;
  #contentBytes = 0;
  #countedTokens = 0;
  #firstTokenMs = 0;
  #answer: { usage: Ending["reportedUsage"]; finishReason: string } | undefined;
  #isEnded = false;
  #isConnectionOver = false;

  constructor(carriage: Carriage) {
    this.#carriage = carriage;
    const { waybill, calledAtMs, totalDueAtMs, exchange, clock } = carriage;
    const timeouts = { ...(waybill.timeouts ?? { connectMs: 0, firstTokenMs: 0, gapMs: 0, totalMs: 0 }) };
    this.#deadlines = new Deadlines(timeouts, calledAtMs, totalDueAtMs);
    this.#throughput = new Throughput(carriage.bytesPerSecondMin);
    this.#reader = waybill.stream ? exchange.readStream(waybill, clock.unixMs()) : undefined;
  }

  /** Begins; `call` starts the request with this object as its events. */
  start(call: (events: UpstreamEvents) => UpstreamCall): void {
    // Cancelled before it began: nothing may be written.
    if (this.#isEnded) return;
    this.#call = call(this);
    // It may have been ended while it was being started.
    if (this.#isEnded && !this.#isConnectionOver) this.#call.abort();
  }

  /** The bytes that close a complete stream; none for a plain answer. */
  tail(note: string | undefined): Uint8Array | undefined {
    return this.#reader?.tail(note);
  }

  onSent(): void {
    if (this.#isEnded) return;
    this.#reach = "sent";
    this.#deadlines.sent(this.#carriage.clock.monotonicMs(), this.#reader !== undefined);
  }

  onHeaders(status: number, header: (name: string) => string): void {
    if (this.#isEnded) return;
    this.#status = status;
    this.#header = header;
    const isSuccess = status >= 200 && status < 300;
    this.#reach = isSuccess ? "accepted" : "refused";
    // A refusal is not waited for; its body is only its explanation.
    if (!isSuccess) this.#deadlines.heard(this.#carriage.clock.monotonicMs());
    const encoding = header("content-encoding");
    if (isSuccess && encoding !== "" && encoding !== "identity") this.#fail("upstream_malformed");
  }

  onData(chunk: Uint8Array): void {
    if (this.#isEnded) return;
    this.#bodyBytes += chunk.length;
    if (this.#reach === "refused") {
      if (this.#bodyBytes <= REFUSAL_BYTES_MAX) this.#pieces.push(chunk);
      else this.#endRefused();
    } else if (this.#reader) {
      if (this.#bodyBytes > STREAM_BYTES_MAX) this.#fail("upstream_malformed");
      else this.#onStep(this.#reader, this.#reader.push(chunk));
    } else {
      this.#deadlines.heard(this.#carriage.clock.monotonicMs());
      this.#pieces.push(chunk);
      if (this.#bodyBytes > PLAIN_BYTES_MAX) this.#fail("upstream_malformed", TOO_LARGE);
    }
  }

  onEnd(): void {
    this.#isConnectionOver = true;
    if (this.#isEnded) return;
    if (this.#reach === "refused") this.#endRefused();
    else if (this.#reader) this.#onStreamEnd(this.#reader);
    else this.#readPlain();
  }

  onError(_detail: string): void {
    this.#isConnectionOver = true;
    if (this.#isEnded) return;
    if (this.#reach === "not_sent") this.#fail("upstream_unreachable");
    else if (this.#reach === "refused") this.#endRefused();
    else if (this.#reach === "accepted") this.#fail("upstream_truncated");
    else this.#fail("upstream_error", "The provider closed the connection without an answer.");
  }

  cancel(code: ErrorCode): void {
    if (this.#isEnded) return;
    this.#end(failureWith(code, this.#status), true);
  }

  sweep(nowMs: number): void {
    if (this.#isEnded) return;
    const expired = this.#deadlines.expired(nowMs);
    if (expired) this.#onTimeout(expired);
    else if (this.#throughput.isTooSlow(nowMs)) this.#fail("upstream_timeout");
  }

  #onStep(reader: StreamReader, step: StreamStep): void {
    const { reply, clock, calledAtMs, onFirstData, droppedFields } = this.#carriage;
    // Also of what is not shown: it was made all the same.
    this.#countedTokens += step.evidencedTokens;
    if (step.bytes.length > 0) {
      const isFirst = this.#contentBytes === 0;
      for (const piece of step.bytes) this.#contentBytes += piece.length;
      const nowMs = clock.monotonicMs();
      this.#deadlines.heard(nowMs);
      this.#throughput.came(step.textBytes, nowMs);
      if (isFirst) {
        this.#firstTokenMs = nowMs - calledAtMs;
        reply.started(this.#status, "text/event-stream", droppedFields);
      }
      reply.data(step.bytes, step.evidencedTokens);
      if (isFirst) onFirstData();
    } else if (reader.hasContent) this.#deadlines.heard(clock.monotonicMs());
    if (this.#hasFinished(reader) || reader.awaits === "usage") this.#deadlines.finished(clock.monotonicMs());
    else if (reader.awaits === "last_event") this.#deadlines.lastEventDue(clock.monotonicMs());
    if (step.failure) {
      // The provider's own error before any content is a refusal like one by status.
      const isItsOwn = step.failure.code !== "upstream_malformed" && step.failure.code !== "upstream_truncated";
      // One whose usage it reports is billed, and one after thoughts or searches may be.
      const isFree = !reader.hasContent && !reader.usage && reader.hasSpent !== true;
      if (isItsOwn && isFree) this.#reach = "refused";
      this.#end(step.failure, false);
    } else if (step.isComplete) this.#end(undefined, false);
    else if (reply.isBroken) this.cancel("bus_unavailable");
  }

  /** An answer that said how it finished lacks nothing but its end mark. */
  #onStreamEnd(reader: StreamReader): void {
    const step = reader.end();
    const isWhole = step.failure?.code === "upstream_truncated" && this.#hasFinished(reader);
    this.#onStep(reader, isWhole ? { ...step, failure: undefined, isComplete: true } : step);
  }

  /** Of several choices one may have finished and another not. */
  #hasFinished({ awaits }: StreamReader): boolean {
    return awaits === "mark" && this.#carriage.waybill.choiceCount <= 1;
  }

  #readPlain(): void {
    const { waybill, exchange, reply, clock, calledAtMs, droppedFields } = this.#carriage;
    try {
      const answer = exchange.readAnswer(this.#takePieces(), waybill, clock.unixMs());
      if ("failure" in answer) {
        const { usage, evidencedTokens, finishReason = "" } = answer;
        this.#answer = { usage, finishReason };
        this.#countedTokens = evidencedTokens ?? 0;
        if (!usage && evidencedTokens === undefined) this.#reach = "refused";
        this.#end(answer.failure, false);
        return;
      }
      this.#answer = answer;
      this.#countedTokens = answer.evidencedTokens;
      this.#contentBytes = answer.bytes.length;
      this.#firstTokenMs = clock.monotonicMs() - calledAtMs;
      reply.started(this.#status, this.#header("content-type") || "application/json", droppedFields);
      reply.data([answer.bytes], 0);
      this.#end(undefined, false);
    } catch (error) {
      const { code } = WaybillError.from(error);
      this.#fail(code === "upstream_malformed" ? code : "internal_error");
    }
  }

  #endRefused(): void {
    const { exchange, clock } = this.#carriage;
    const refusal = {
      status: this.#status,
      header: this.#header,
      body: this.#takePieces(),
      nowUnixMs: clock.unixMs(),
    };
    this.#end(exchange.readRefusal(refusal), false);
  }

  #onTimeout(name: TimeoutName): void {
    if (name === "end_mark" && this.#reader?.awaits === "usage") this.#fail("upstream_truncated");
    else if (name === "end_mark") this.#end(undefined, false);
    else if (name === "connect") this.#fail("upstream_unreachable", "The provider could not be reached in time.");
    else if (this.#reach === "refused") this.#endRefused();
    else this.#fail("upstream_timeout");
  }

  #fail(code: ErrorCode, message: string = ERRORS[code].sentence): void {
    this.#end({ ...failureWith(code, this.#status), message }, false);
  }

  #end(failure: Failure | undefined, wasCancelled: boolean): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { clock, calledAtMs, onEnding, upstream } = this.#carriage;
    const nowMs = clock.monotonicMs();
    this.#pieces = [];
    if (!this.#isConnectionOver) {
      if (failure) this.#call?.abort();
      else this.#call?.release();
    }
    onEnding({
      failure: failure && { ...failure, message: upstream.mask(failure.message), param: upstream.mask(failure.param) },
      wasCancelled,
      reach: this.#reach,
      reportedUsage: this.#answer?.usage ?? this.#reader?.usage,
      countedOutputTokens: BigInt(this.#countedTokens),
      contentBytes: this.#contentBytes,
      finishReason: this.#answer?.finishReason ?? this.#reader?.finishReason ?? "",
      firstTokenMs: this.#firstTokenMs,
      durationMs: nowMs - calledAtMs,
      header: this.#header,
    });
  }

  #takePieces(): Uint8Array {
    const [first] = this.#pieces;
    const whole = this.#pieces.length === 1 && first ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    return whole;
  }
}
