// Frames back to the ingress, numbered. On a connection of their own, so that a slow token stream never delays an ack.
import type { NatsConnection } from "@waybill/bus";
import { AttemptOutcome, Frame, subjects, type Waybill } from "@waybill/wire";
import type { Failure } from "../core/ending.ts";
import type { Settlement } from "../core/settle.ts";
import type { Reply } from "../ports.ts";

/** Well below the server's limit of 1 MB. */
const FRAME_BYTES_MAX = 512 * 1024;

/** The connection for frames, and whether it is up: what is published on a broken one is lost without a word. */
export interface FrameLink {
  readonly nc: NatsConnection;
  isUp(): boolean;
}

export class FrameReply implements Reply {
  readonly #link: FrameLink;
  readonly #subject: string;
  readonly #attemptId: string;
  #sequence = 0;
  isBroken = false;

  constructor(link: FrameLink, waybill: Waybill) {
    this.#link = link;
    this.#subject = subjects.reply(waybill.ingressId, waybill.requestId);
    this.#attemptId = waybill.attemptId;
  }

  started(status: number, contentType: string): void {
    this.#send({ $case: "started", value: { status, contentType } });
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

  failed(failure: Failure, { outcome, costPicoUsd }: Settlement): void {
    const mayBeBilled = outcome !== AttemptOutcome.FAILED_FREE;
    this.#send({ $case: "failed", value: { ...failure, mayBeBilled, costPicoUsd } });
  }

  #send(kind: NonNullable<Frame["kind"]>): void {
    if (this.isBroken) return;
    if (!this.#link.isUp()) {
      this.isBroken = true;
      return;
    }
    const frame = Frame.encode({ attemptId: this.#attemptId, sequence: this.#sequence, kind }).finish();
    this.#sequence += 1;
    try {
      this.#link.nc.publish(this.#subject, frame);
    } catch {
      // Closed under our hands: the same as down.
      this.isBroken = true;
    }
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
