// Is there room on USAGE? When it is nearly full new requests are refused: records are never dropped.
import { declareStream, type NatsConnection, sightStream } from "@waybill/bus";
import { STREAMS } from "@waybill/wire";

const LOOK_MS = 5_000;
/** What running requests may still need when the door closes. */
const FULL_SHARE = 0.98;

export interface UsageRoom {
  readonly hasRoom: boolean;
  stop(): void;
}

export function watchUsageRoom(nc: NatsConnection, isConnected: () => boolean): UsageRoom {
  let hasRoom = true;
  const look = async (): Promise<void> => {
    if (!isConnected()) return;
    const sight = await sightStream(nc, STREAMS.usage.name);
    if (sight) hasRoom = sight.bytes < STREAMS.usage.maxBytes * FULL_SHARE;
    else await declareStream(nc, STREAMS.usage);
  };
  const timer = setInterval(() => look().catch(() => {}), LOOK_MS);
  return {
    get hasRoom() {
      return hasRoom;
    },
    stop: () => clearInterval(timer),
  };
}
