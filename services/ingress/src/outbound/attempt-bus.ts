// The running attempts on the bus: registering them, serving their large bodies, cancelling them, sweeping what is over.
import { type NatsConnection, publishNow } from "@waybill/bus";
import { attemptId, type Clock } from "@waybill/domain";
import type { ServiceScope } from "@waybill/service";
import { CancelAttempt, IngressAlive, type OpenAttempt, subjects } from "@waybill/wire";
import type { Attempt } from "../core/attempt.ts";
import type { AttemptTable } from "../core/attempt-table.ts";
import { INLINE_BODY_BYTES_MAX } from "../core/make-waybill.ts";
import { serveBody } from "../inbound/body-request.ts";
import type { Attempts } from "../ports.ts";

export interface AttemptBusOptions {
  control: NatsConnection;
  ingressId: string;
  /** This process incarnation. */
  life: string;
  table: AttemptTable;
  clock: Clock;
}

const SWEEP_MS = 250;
const ALIVE_MS = 1_000;

export interface AttemptBus extends Attempts {
  /** Ends every running attempt at its worker, and lets none begin; for the end of a drain. */
  cancelAll(reason: "draining"): void;
  /** Open attempts with holds, for a router that takes over from a lost one. */
  openAttempts(): OpenAttempt[];
}

export function startAttemptBus(
  { control, ingressId, life, table, clock }: AttemptBusOptions,
  { metrics, onStop }: ServiceScope,
): AttemptBus {
  metrics.gauge("waybill_ingress_attempts_known", "Attempts somebody may still ask about", () => table.size);
  const bodies = new Map<string, { stop(): void }>();
  let isOver = false;
  const publish = (subject: string, data: Uint8Array): void => {
    publishNow(control, subject, data);
  };
  const cancel: Attempts["cancel"] = (attempt, reason) => {
    if (attempt.workerId === "") return;
    publish(subjects.cancel(attempt.workerId), CancelAttempt.encode({ attemptId: attempt.attemptId, reason }).finish());
  };
  const sweep = setInterval(() => {
    for (const overdue of table.sweep(clock.monotonicMs())) cancel(overdue, "superseded");
    const running = new Set(table.running().map(({ attemptId: id }) => id));
    for (const [id, body] of bodies) {
      if (running.has(id)) continue;
      body.stop();
      bodies.delete(id);
    }
  }, SWEEP_MS);
  const sayAlive = (): void => publish(subjects.alive(ingressId), IngressAlive.encode({ ingressId, life }).finish());
  const alive = setInterval(sayAlive, ALIVE_MS);
  sayAlive();
  onStop("attempts", () => {
    clearInterval(sweep);
    clearInterval(alive);
    for (const body of bodies.values()) body.stop();
  });
  return {
    open(attempt, body) {
      table.open(attempt);
      // A request whose attempt has just been ended, or that waited for another's, has nobody left to begin one for.
      if (isOver) attempt.giveUp();
      else if (body.length > INLINE_BODY_BYTES_MAX) {
        bodies.set(attempt.attemptId, serveBody(control, attempt, body));
      }
    },
    cancel,
    giveUp: (attempt) => attempt.giveUp(),
    cancelAll(reason) {
      isOver = true;
      for (const attempt of table.running()) {
        if (!attempt.giveUp()) cancel(attempt, reason);
      }
    },
    openAttempts: () => table.running().flatMap(openAttempt),
  };
}

function openAttempt({ requestId, decision, attribution }: Attempt): OpenAttempt[] {
  if (decision.holds.length === 0) return [];
  return [
    {
      attemptId: attemptId(requestId, decision.attempt),
      holder: decision.holder,
      holds: decision.holds,
      holdLifeMs: decision.holdLifeMs,
      attribution,
      target: decision.target,
      price: decision.price,
      route: decision.route,
      routeVersion: decision.routeVersion,
    },
  ];
}
