// Publishing what must be stored: acknowledged by the stream, deduplicated by id, refused loudly when there is no room.
import { JetStreamApiError, type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { headers, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";

/** How a durable publish ended. */
export type PublishOutcome =
  | { kind: "stored"; sequence: number; duplicate: boolean }
  /** The stream is full and refuses new messages: certainly not stored. */
  | { kind: "full" }
  /** No stream, no connection or no answer in time: may or may not be stored. Repeat it with the same id. */
  | { kind: "unknown"; detail: string };

export interface DurablePublish {
  subject: string;
  data: Uint8Array;
  /** Nats-Msg-Id: within the stream's duplicate window a repeated publish is stored once. */
  id: string;
  timeoutMs: number;
  headers?: Readonly<Record<string, string>>;
}

/** https://github.com/nats-io/nats-server/blob/main/server/errors.json: stream store failed (limits), per-subject limit. */
const REFUSED_FOR_ROOM = new Set([10077, 10047, 10023]);

export class Publisher {
  readonly #js: JetStreamClient;

  constructor(nc: NatsConnection) {
    this.#js = jetstream(nc);
  }

  /** Publishes once and says how it ended; never throws. */
  async publish(message: DurablePublish): Promise<PublishOutcome> {
    try {
      const ack = await this.#js.publish(message.subject, message.data, {
        msgID: message.id,
        timeout: message.timeoutMs,
        retries: 0,
        ...(message.headers && { headers: toHeaders(message.headers) }),
      });
      return { kind: "stored", sequence: ack.seq, duplicate: ack.duplicate };
    } catch (error) {
      if (error instanceof JetStreamApiError && REFUSED_FOR_ROOM.has(error.code)) return { kind: "full" };
      return { kind: "unknown", detail: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** NATS headers from plain names and values; undefined for none, which costs nothing on the wire. */
export function toHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const result = headers();
  for (const [name, value] of Object.entries(values)) result.set(name, value);
  return result;
}
