// What runs by itself beside settlement: the watch over what is spent, and telling bus and webhooks of alerts.
import type { NatsConnection } from "@waybill/bus";
import { type ConfigOf, type ServiceScope, systemClock } from "@waybill/service";
import type { Pool } from "@waybill/store";
import { type settings, webhookSettings } from "../config.ts";
import { alertBus } from "../outbound/alert-bus.ts";
import { alertRows } from "../outbound/alert-rows.ts";
import type { Measures } from "../outbound/measure.ts";
import { spendDesk } from "../outbound/spend-desk.ts";
import { forgetSpend } from "../outbound/spend-rows.ts";
import { webhookPost } from "../outbound/webhook-post.ts";
import { deliverAlerts, publishAlerts } from "../tell-alerts.ts";
import { watchSpend } from "../watch-spend.ts";
import { repeat } from "./repeat.ts";

const LOOK_EVERY_MS = 1_000;
/** Projections, burn and sessions take longer to read and change slowly. */
const THOROUGH_EVERY_MS = 10_000;
const FORGET_EVERY_MS = 600_000;
const TELL_EVERY_MS = 500;

export interface SpendWorld {
  pool: Pool;
  measures: Measures;
  isDatabaseReady(): boolean;
  failpoint(name: string): void;
}

/** `tellBus`: call it when there is a connection. */
export function followSpend(
  config: ConfigOf<typeof settings>,
  { log, onStop }: ServiceScope,
  { pool, measures, isDatabaseReady, failpoint }: SpendWorld,
): { tellBus(nc: NatsConnection): void } {
  const { monotonicMs, unixMs } = systemClock;
  const rows = alertRows(pool);
  const desk = spendDesk(pool);
  const post = webhookPost({
    pool,
    ...webhookSettings(config),
    unixMs,
    onTried: measures.webhookTried,
  });
  let thoroughAtMs = monotonicMs() + THOROUGH_EVERY_MS;
  let forgetAtMs = monotonicMs() + FORGET_EVERY_MS;
  const look = async (): Promise<void> => {
    const nowMs = monotonicMs();
    const isThorough = nowMs >= thoroughAtMs;
    if (isThorough) thoroughAtMs = nowMs + THOROUGH_EVERY_MS;
    for (const kind of await watchSpend(desk, isThorough)) measures.alerted(kind);
    if (nowMs < forgetAtMs) return;
    forgetAtMs = nowMs + FORGET_EVERY_MS;
    await forgetSpend(pool);
  };
  const run = (what: string, everyMs: number, round: () => Promise<void>): void => {
    let trouble = "";
    const running = repeat(
      everyMs,
      async () => {
        if (isDatabaseReady()) await round();
        trouble = "";
      },
      (error) => {
        const detail = error instanceof Error ? error.message : String(error);
        if (detail !== trouble) log.warn({ detail }, `${what} has to wait`);
        trouble = detail;
      },
    );
    onStop(what, () => running.stop());
  };
  run("watching what is spent", LOOK_EVERY_MS, look);
  run("telling webhooks of alerts", TELL_EVERY_MS, async () => {
    while (await deliverAlerts(post));
  });
  return {
    tellBus(nc) {
      const bus = alertBus(nc, failpoint);
      run("telling the bus of alerts", TELL_EVERY_MS, async () => {
        await bus.declare();
        while (await publishAlerts({ ...rows, publish: bus.publish }));
      });
    },
  };
}
