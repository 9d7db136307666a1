// What ingresses tell a worker: stop this attempt, and, once a second, that they are alive.
import type { NatsConnection } from "@waybill/bus";
import { type ErrorCode, isErrorCode } from "@waybill/domain";
import type { Log } from "@waybill/service";
import { CancelAttempt, IngressAlive, subjects } from "@waybill/wire";

/** An ingress not heard for this long is forgotten. */
const FORGET_MS = 3_600_000;

/** Which attempt to end, and why. */
export interface Cancel {
  attemptId: string;
  code: ErrorCode;
}

export interface IngressVoices {
  /** When the ingress was last heard, on the monotonic clock; 0: never. */
  heardAtMs(ingressId: string): number;
}

/** Listens until the connection closes; subscriptions survive reconnects. */
export function listenToIngresses(
  nc: NatsConnection,
  workerId: string,
  nowMs: () => number,
  log: Log,
  onCancel: (cancel: Cancel) => void,
): IngressVoices {
  const heard = new Map<string, number>();
  nc.subscribe(subjects.cancel(workerId), {
    callback: (error, message) => {
      const cancel = error ? undefined : decoded(() => CancelAttempt.decode(message.data), log);
      if (!cancel) return;
      const { attemptId, reason } = cancel;
      onCancel({ attemptId, code: isErrorCode(reason) ? reason : "client_gone" });
    },
  });
  nc.subscribe(subjects.aliveOfAll, {
    callback: (error, message) => {
      const alive = error ? undefined : decoded(() => IngressAlive.decode(message.data), log);
      if (!alive) return;
      if (!heard.has(alive.ingressId)) {
        for (const [id, atMs] of heard) if (nowMs() - atMs > FORGET_MS) heard.delete(id);
      }
      heard.set(alive.ingressId, nowMs());
    },
  });
  return { heardAtMs: (ingressId) => heard.get(ingressId) ?? 0 };
}

function decoded<T>(decode: () => T, log: Log): T | undefined {
  try {
    return decode();
  } catch (error) {
    log.warn({ err: error }, "a message of an ingress cannot be read");
    return undefined;
  }
}
