// A body that was too large to ride in the waybill, asked for piece by piece from the ingress that holds it.
import { ask, type NatsConnection } from "@waybill/bus";
import { BodyChunk, BodyRequest, subjects, type Waybill } from "@waybill/wire";

const PIECE_BYTES = 256 * 1024;
const PIECES_AT_ONCE = 4;
const PIECE_WITHIN_MS = 2_000;
/** Above the largest body an ingress may be set to accept. */
const BODY_BYTES_MAX = 256 * 1024 * 1024;

/** Throws when a piece is missing, short or late: the ingress no longer holds the body. */
export async function fetchBody(
  nc: NatsConnection,
  { attemptId, requestId, bodyBytes }: Waybill,
  onAnswer: (askedAtMs: number) => void,
  nowMs: () => number,
): Promise<Uint8Array> {
  if (bodyBytes > BODY_BYTES_MAX) throw new RangeError(`a body of ${bodyBytes} bytes is above the limit`);
  const body = Buffer.allocUnsafe(bodyBytes);
  const subject = subjects.body(requestId);
  let next = 0;
  const fetchPieces = async (): Promise<void> => {
    while (next < bodyBytes) {
      const offset = next;
      const bytesMax = Math.min(PIECE_BYTES, bodyBytes - offset);
      next += bytesMax;
      const askedAtMs = nowMs();
      const request = BodyRequest.encode({ attemptId, offset, bytesMax }).finish();
      const answer = await ask(nc, subject, request, { timeoutMs: PIECE_WITHIN_MS });
      if (answer.kind !== "answered") throw new Error(`the piece at ${offset} did not come: ${answer.kind}`);
      const { data } = BodyChunk.decode(answer.message.data);
      if (data.length !== bytesMax) throw new RangeError(`${data.length} of ${bytesMax} bytes came at ${offset}`);
      data.copy(body, offset);
      onAnswer(askedAtMs);
    }
  };
  await Promise.all(Array.from({ length: PIECES_AT_ONCE }, fetchPieces));
  return body;
}
