// Frames back to the ingress, numbered. On a connection of their own, so that a slow token stream never delays an ack.
import type { NatsConnection } from "@waybill/bus";
import { AttemptOutcome, type Frame, Frames, subjects, type Waybill } from "@waybill/wire";
import type { Failure } from "../core/ending.ts";
import type { Settlement } from "../core/settle.ts";
import type { Reply } from "../ports.ts";

/** Well below the server's limit of 1 MB. */
const FRAME_BYTES_MAX = 512 * 1024;
const MESSAGE_BYTES_MAX = 768 * 1024;
/** What a frame takes beside its bytes, at most: ids, a failure's sentences. */
const FRAME_ENVELOPE_BYTES = 4 * 1024;

interface QueuedFrame {
  reply: FrameReply;
  frame: Frame;
  bytes: number;
}

/** The connection for frames. What is published on a broken one is lost without a word, so that is not done. */
export class FrameLink {
  readonly #nc: NatsConnection;
  readonly #isUp: () => boolean;
  #byIngress = new Map<string, QueuedFrame[]>();

  constructor(nc: NatsConnection, isUp: () => boolean) {
    this.#nc = nc;
    this.#isUp = isUp;
  }

  isUp(): boolean {
    return this.#isUp();
  }

  /** Sends at the end of this turn, in order, together with all other frames of the turn for the same ingress. */
  send(ingressId: string, queued: QueuedFrame): void {
    if (this.#byIngress.size === 0) setImmediate(() => this.#flush());
    const frames = this.#byIngress.get(ingressId);
    if (frames) frames.push(queued);
    else this.#byIngress.set(ingressId, [queued]);
  }

  #flush(): void {
    const byIngress = this.#byIngress;
    this.#byIngress = new Map();
    for (const [ingressId, queued] of byIngress) {
      let batch: QueuedFrame[] = [];
      let bytes = 0;
      for (const one of queued) {
        if (bytes + one.bytes > MESSAGE_BYTES_MAX) {
          this.#publish(ingressId, batch);
          batch = [];
          bytes = 0;
        }
        batch.push(one);
        bytes += one.bytes;
      }
      this.#publish(ingressId, batch);
    }
  }

  #publish(ingressId: string, batch: readonly QueuedFrame[]): void {
    const sendable = batch.filter(({ reply }) => !reply.isBroken);
    if (sendable.length === 0) return;
    try {
      if (this.#isUp()) {
        const data = Frames.encode({ frames: sendable.map(({ frame }) => frame) }).finish();
        this.#nc.publish(subjects.reply(ingressId), data);
        return;
      }
    } catch {
      // Closed under our hands: the same as down.
    }
    for (const { reply } of sendable) reply.isBroken = true;
  }
}

export class FrameReply implements Reply {
  readonly #link: FrameLink;
  readonly #ingressId: string;
  readonly #attemptId: string;
  #sequence = 0;
  isBroken = false;

  constructor(link: FrameLink, waybill: Waybill) {
    this.#link = link;
    this.#ingressId = waybill.ingressId;
    this.#attemptId = waybill.attemptId;
  }

  started(status: number, contentType: string, droppedFields: readonly string[]): void {
    this.#send({ $case: "started", value: { status, contentType, droppedFields: [...droppedFields] } });
  }

  data(bytes: readonly Uint8Array[], tokens: number): void {
    const whole = joined(bytes);
    let countedOutputTokens = tokens;
    for (let from = 0; from < whole.length; from += FRAME_BYTES_MAX) {
      const piece = whole.subarray(from, from + FRAME_BYTES_MAX);
      this.#send({ $case: "data", value: { bytes: piece, countedOutputTokens } });
      countedOutputTokens = 0;
    }
  }

  finished(
    settlement: Settlement,
    { finishReason, firstTokenMs, durationMs }: { finishReason: string; firstTokenMs: number; durationMs: number },
  ): void {
    const { usage, tokenSource, costPicoUsd, costKnown } = settlement;
    const times = { firstTokenMs: Math.round(firstTokenMs), durationMs: Math.round(durationMs) };
    const value = { usage, tokenSource, costPicoUsd, costKnown, finishReason, ...times };
    this.#send({ $case: "finished", value });
  }

  failed(
    failure: Failure,
    { outcome, costPicoUsd }: Settlement,
    { account, otherAccount } = { account: "", otherAccount: false },
  ): void {
    const mayBeBilled = outcome !== AttemptOutcome.FAILED_FREE;
    this.#send({ $case: "failed", value: { ...failure, mayBeBilled, costPicoUsd, account, otherAccount } });
  }

  #send(kind: NonNullable<Frame["kind"]>): void {
    if (this.isBroken) return;
    const frame = { attemptId: this.#attemptId, sequence: this.#sequence, kind };
    const bytes = FRAME_ENVELOPE_BYTES + (kind.$case === "data" ? kind.value.bytes.length : 0);
    this.#sequence += 1;
    this.#link.send(this.#ingressId, { reply: this, frame, bytes });
  }
}

/** The pieces as one; pieces that lie side by side in memory, as those of one read do, are not copied. */
function joined(pieces: readonly Uint8Array[]): Buffer {
  const [first] = pieces;
  if (!first) return Buffer.alloc(0);
  let end = first.byteOffset;
  const areAdjacent = pieces.every((piece) => {
    const isNext = piece.buffer === first.buffer && piece.byteOffset === end;
    end = piece.byteOffset + piece.length;
    return isNext;
  });
  return areAdjacent ? Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset) : Buffer.concat(pieces);
}
