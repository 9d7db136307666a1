// Publishing what must be stored: acknowledged by the stream, deduplicated by id, refused loudly when there is no room.
import { headers, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import { ask } from "./ask.ts";

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

/** What a stream answers. https://docs.nats.io/reference/reference-protocols/nats_api_reference#publishing-to-streams */
interface PublishAck {
  stream?: string;
  seq?: number;
  duplicate?: boolean;
  error?: { err_code?: number; description?: string };
}

export class Publisher {
  readonly #nc: NatsConnection;

  /** The connection must be one of connectBus. */
  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** Publishes once and says how it ended; never throws. */
  async publish({ subject, data, id, timeoutMs, headers: more }: DurablePublish): Promise<PublishOutcome> {
    const marked = toHeaders(more ?? {});
    marked.set("Nats-Msg-Id", id);
    const answer = await ask(this.#nc, subject, data, { timeoutMs, headers: marked });
    if (answer.kind === "nobody") return { kind: "unknown", detail: "no stream takes this subject" };
    if (answer.kind === "late") return { kind: "unknown", detail: "not acknowledged in time" };
    try {
      const { stream, seq, duplicate, error } = answer.message.json<PublishAck>();
      if (error) {
        const isFull = error.err_code !== undefined && REFUSED_FOR_ROOM.has(error.err_code);
        return isFull ? { kind: "full" } : { kind: "unknown", detail: error.description ?? "refused" };
      }
      if (!stream || seq === undefined) return { kind: "unknown", detail: "the answer was not a stream's" };
      return { kind: "stored", sequence: seq, duplicate: duplicate ?? false };
    } catch {
      return { kind: "unknown", detail: "the answer was not a stream's" };
    }
  }
}

/** NATS headers from plain names and values; undefined for none, which costs nothing on the wire. */
export function toHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const result = headers();
  for (const [name, value] of Object.entries(values)) result.set(name, value);
  return result;
}
