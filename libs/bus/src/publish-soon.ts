// Publishing at the end of this turn of the event loop. The client library flushes after every callback, which on a busy
// process is a system call for every message; what one turn publishes goes out in one, for a delay of the rest of the turn.
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";

export interface SoonOptions {
  reply?: string;
  headers?: MsgHdrs;
}

interface Queued {
  subject: string;
  data: Uint8Array | string;
  options: SoonOptions;
  /** Told when the connection was closed before the message could leave. */
  onLost: (() => void) | undefined;
}

const queues = new WeakMap<NatsConnection, Queued[]>();

/**
 * Publishes on core NATS at the end of this turn, in order with all others of this kind on the same connection. Never throws:
 * `onLost` is called when the message could not be handed to the connection, because it is closed or the message is too large.
 */
export function publishSoon(
  nc: NatsConnection,
  subject: string,
  data: Uint8Array | string,
  options: SoonOptions = {},
  onLost?: () => void,
): void {
  let queue = queues.get(nc);
  if (!queue) {
    queue = [];
    queues.set(nc, queue);
  }
  if (queue.length === 0) setImmediate(flush, nc);
  queue.push({ subject, data, options, onLost });
}

/**
 * The same without the wait. Timers that outlive a connection use it: one that drains or is closed refuses what is published
 * by throwing, which in a timer would end the process.
 */
export function publishNow(
  nc: Pick<NatsConnection, "publish">,
  subject: string,
  data: Uint8Array | string,
  options: SoonOptions = {},
  onLost?: () => void,
): void {
  try {
    nc.publish(subject, data, options);
  } catch {
    onLost?.();
  }
}

function flush(nc: NatsConnection): void {
  const queue = queues.get(nc) ?? [];
  queues.delete(nc);
  for (const { subject, data, options, onLost } of queue) publishNow(nc, subject, data, options, onLost);
}
