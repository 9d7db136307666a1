// Counts who waits, and lets no more in than may wait at once.
import type { WaitingRoom } from "../ports.ts";

export function makeWaitingRoom(waitingMax: number): WaitingRoom {
  let waiting = 0;
  return {
    enter() {
      if (waiting >= waitingMax) return false;
      waiting += 1;
      return true;
    },
    leave() {
      waiting -= 1;
    },
  };
}
