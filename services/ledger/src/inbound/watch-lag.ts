// How far the books are behind: what USAGE still holds for us, looked at every other second.
import { type NatsConnection, sightConsumer } from "@waybill/bus";
import { usageConsumer } from "@waybill/wire";

const LOOK_EVERY_MS = 2_000;

export interface LagWatch {
  /** Records not yet booked; NaN while nobody can tell. */
  pending(): number;
  stop(): void;
}

export function watchLag(nc: NatsConnection): LagWatch {
  let pending = Number.NaN;
  const { stream, durable } = usageConsumer("ledger");
  const look = async (): Promise<void> => {
    try {
      const sight = await sightConsumer(nc, stream, durable);
      pending = sight.pending + sight.unacknowledged;
    } catch {
      pending = Number.NaN;
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  void look();
  return { pending: () => pending, stop: () => clearInterval(timer) };
}
