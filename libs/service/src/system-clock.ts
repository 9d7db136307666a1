// The real clock and the real ids.
import type { Clock, MakeId } from "@waybill/domain";
import { uuidv7 } from "uuidv7";

export const systemClock: Clock = {
  unixMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A new UUIDv7. */
export const makeUuidV7: MakeId = uuidv7;
