// The connection to NATS. It may come late and go away: what needs it says so instead of waiting.
import { connectBus, type NatsConnection, serverCaveat } from "@waybill/bus";
import { WaybillError } from "@waybill/domain";
import type { ConfigOf, ServiceScope } from "@waybill/service";
import type { settings } from "../config.ts";

export interface BudgetBus {
  /** Throws bus_unavailable while there is no connection. */
  connection(): NatsConnection;
  /** Waits for the first connection, however long it takes. `onBack` is called after every reconnect. */
  connect(onBack: () => void): Promise<NatsConnection>;
}

export function makeBudgetBus(
  config: ConfigOf<typeof settings>,
  { serviceId, health, log, onStop }: ServiceScope,
): BudgetBus {
  const condition = health.condition("nats", "not connected yet; check NATS_URL");
  let connected: NatsConnection | undefined;
  return {
    connection() {
      if (!connected) throw new WaybillError("bus_unavailable");
      return connected;
    },
    async connect(onBack) {
      const nc = await connectBus({
        url: config.NATS_URL,
        user: config.NATS_USER,
        password: config.NATS_PASSWORD.reveal(),
        service: "budget",
        name: serviceId,
        onConnected(isConnected) {
          connected = isConnected ? nc : undefined;
          condition.set(isConnected, "the connection is lost; trying again");
          if (isConnected) onBack();
        },
        onProblem: (detail) => log.warn({ detail }, "nats"),
      });
      connected = nc;
      onStop("nats", () => nc.drain());
      condition.set(true);
      const caveat = serverCaveat(nc);
      if (caveat !== undefined) log.warn(caveat);
      return nc;
    },
  };
}
