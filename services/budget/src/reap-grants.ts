// THE STORY of a grant whose holder never closed it: it counts until the last hold it could have has ended and USAGE has
// been read past that; then the rest returns. If the work queue was lost meanwhile, nobody can know what was cut from it,
// and the rest is booked as spent under the grant's own id.
import { judgeEndOfLife } from "./core/judge-end-of-life.ts";
import type { BusSight, Expired, LostRecords, Writer } from "./ports.ts";

export interface ReapGrantsWorld {
  writer: Writer;
  expired: Expired;
  lostRecords: LostRecords;
  clockMarginMs: number;
  onReaped(how: "returned" | "suspense", grantId: string): void;
}

/** One round over what has expired. The sight must have been taken before the expired grants are read. */
export async function reapGrants(world: ReapGrantsWorld, sight: BusSight): Promise<void> {
  for (const grant of await world.expired.grants()) {
    const judgement = judgeEndOfLife({
      begunAtMs: grant.grantedAtMs,
      endedAtMs: grant.lastHoldEndsAtMs,
      ...sight,
      clockMarginMs: world.clockMarginMs,
    });
    if (judgement === "wait") continue;
    if (judgement === "lost") {
      if (await world.lostRecords.closeGrant(grant.grantId)) world.onReaped("suspense", grant.grantId);
      continue;
    }
    await world.writer.submit({ kind: "reap_grant", grantId: grant.grantId });
    world.onReaped("returned", grant.grantId);
  }
}
