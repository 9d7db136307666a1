// The rounds of the reapers: look at the bus, then at what has expired, and once an hour forget what is long settled.

import type { BusLook } from "../outbound/sight-bus.ts";
import { type ReapGrantsWorld, reapGrants } from "../reap-grants.ts";
import { type ReapHoldsWorld, reapHolds } from "../reap-holds.ts";

const FORGET_EVERY_MS = 3_600_000;

export interface ReapRounds {
  look: BusLook;
  world: Omit<ReapHoldsWorld, "onReaped">;
  onHold: ReapHoldsWorld["onReaped"];
  onGrant: ReapGrantsWorld["onReaped"];
  /** True: there is more to forget. */
  forget(): Promise<boolean>;
}

/** One round; throws when bus or database do not answer. Any number of processes may do this at once. */
export function makeReapRound({ look, world, onHold, onGrant, forget }: ReapRounds): () => Promise<void> {
  let forgetAtMs = performance.now() + FORGET_EVERY_MS;
  return async () => {
    const sight = await look.look();
    await reapHolds({ ...world, onReaped: onHold }, sight);
    await reapGrants({ ...world, onReaped: onGrant }, sight);
    if (performance.now() < forgetAtMs) return;
    forgetAtMs = performance.now() + FORGET_EVERY_MS;
    if (await forget()) forgetAtMs = performance.now();
  };
}
