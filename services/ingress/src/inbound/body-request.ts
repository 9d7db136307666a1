// Large bodies: the claiming worker asks for them piece by piece; they never ride in a stored message.
import type { NatsConnection } from "@waybill/bus";
import { BodyChunk, BodyRequest, subjects } from "@waybill/wire";
import type { Attempt } from "../core/attempt.ts";

/** Below the server's 1 MB payload limit with room for the envelope. */
const PIECE_BYTES_MAX = 512 * 1024;

/**
 * Serves the body of one attempt until stopped. Who asks is a worker: nobody else may publish on the subject. An answered
 * piece counts as a fresh `go`, so only the worker that carries the attempt, while it does, hears more than nothing.
 */
export function serveBody(nc: NatsConnection, attempt: Attempt, body: Buffer): { stop(): void } {
  const subscription = nc.subscribe(subjects.body(attempt.requestId), {
    callback(error, message) {
      if (error) return;
      const { attemptId, offset, bytesMax } = BodyRequest.decode(message.data);
      if (attemptId !== attempt.attemptId) return;
      if (attempt.state !== "carried") {
        message.respond(BodyChunk.encode({ data: Buffer.alloc(0) }).finish());
        return;
      }
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
