// Is there room on USAGE? When it is nearly full new requests are refused: records are never dropped.
import { declareStream, type NatsConnection, sightStream } from "@waybill/bus";
import type { ServiceScope } from "@waybill/service";
import { STREAMS } from "@waybill/wire";

const LOOK_MS = 5_000;
/** While nobody is let in, room that comes back is noticed sooner. */
const LOOK_AGAIN_MS = 500;
/** What running requests may still need when the door closes. */
const FULL_SHARE = 0.98;

export interface UsageRoom {
  hasRoom(): boolean;
}

export function watchUsageRoom(
  { control, isConnected }: { control: NatsConnection; isConnected(): boolean },
  { onStop }: ServiceScope,
): UsageRoom {
  let hasRoom = true;
  const look = async (): Promise<void> => {
    if (!isConnected()) return;
    const sight = await sightStream(control, STREAMS.usage.name);
    if (sight) hasRoom = sight.bytes < sight.bytesMax * FULL_SHARE;
    else await declareStream(control, STREAMS.usage);
  };
  let timer: NodeJS.Timeout;
  let isStopped = false;
  const round = async (): Promise<void> => {
    await look().catch(() => {});
    if (!isStopped) timer = setTimeout(round, hasRoom ? LOOK_MS : LOOK_AGAIN_MS);
  };
  timer = setTimeout(round, LOOK_MS);
  onStop("usage room", () => {
    isStopped = true;
    clearTimeout(timer);
  });
  return { hasRoom: () => hasRoom };
}
