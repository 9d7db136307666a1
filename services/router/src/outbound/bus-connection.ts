// The connection to NATS, made in the background: a router that starts before NATS is there waits, and can still be stopped.
import { type BusOptions, connectBus, type NatsConnection } from "@waybill/bus";

const RETRY_MS = 1_000;

export function connectInBackground(options: BusOptions): {
  connected: Promise<NatsConnection>;
  stop(): Promise<void>;
} {
  let stopped = false;
  let nc: NatsConnection | undefined;
  const connect = async (): Promise<NatsConnection> => {
    for (;;) {
      try {
        const made = await connectBus(options);
        if (stopped) await made.close();
        nc = made;
        return made;
      } catch (error) {
        options.onProblem?.(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  return {
    connected: connect(),
    async stop() {
      stopped = true;
      await nc?.close();
    },
  };
}
