// In which order the services stop, and how long each may take.

import type { Supervised } from "./supervise.ts";

/** For all services together. What still runs then is killed. */
export const servicesStopLimitMs = 10_000;

/**
 * Whoever comes earlier on a request's path stops earlier, so that what it still sends is taken. The ingress may need long for
 * its streams; what is reserved for those behind it lets them write down what those streams cost.
 */
const stopOrder = [
  { names: ["ingress", "console"], reservedMs: 0 },
  { names: ["worker"], reservedMs: 800 },
  { names: ["router"], reservedMs: 400 },
  { names: ["budget", "ledger"], reservedMs: 800 },
  { names: ["simulator"], reservedMs: 200 },
] as const;

/** One group after the other; each has all the time that is left, less what is reserved for those after it. */
export async function stopServices(
  services: readonly Pick<Supervised, "name" | "stop">[],
  nowMs: () => number = () => performance.now(),
): Promise<void> {
  const endsAtMs = nowMs() + servicesStopLimitMs;
  for (const [index, { names }] of stopOrder.entries()) {
    const reservedMs = stopOrder.slice(index + 1).reduce((sum, later) => sum + later.reservedMs, 0);
    const limitMs = Math.max(0, endsAtMs - reservedMs - nowMs());
    const group = services.filter((service) => names.some((name) => name === service.name));
    await Promise.all(group.map((service) => service.stop(limitMs)));
  }
}
