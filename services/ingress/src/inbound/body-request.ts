// Large bodies: the claiming worker asks for them piece by piece; they never ride in a stored message.
import type { NatsConnection } from "@waybill/bus";
import { BodyChunk, BodyRequest, subjects } from "@waybill/wire";

/** Below the server's 1 MB payload limit with room for the envelope. */
const PIECE_BYTES_MAX = 512 * 1024;

/** Serves the body of one request until stopped. Who asks is a worker: nobody else may publish on the subject. */
export function serveBody(nc: NatsConnection, requestId: string, body: Buffer): { stop(): void } {
  const subscription = nc.subscribe(subjects.body(requestId), {
    callback(error, message) {
      if (error) return;
      const { offset, bytesMax } = BodyRequest.decode(message.data);
      const end = Math.min(body.length, offset + Math.min(bytesMax, PIECE_BYTES_MAX));
      message.respond(BodyChunk.encode({ data: body.subarray(Math.min(offset, body.length), end) }).finish());
    },
  });
  return {
    stop() {
      if (!nc.isClosed()) subscription.unsubscribe();
    },
  };
}
