// THE STORY of a hold that reached its end of life: nothing is ever just forgotten. What is written goes out on USAGE and
// comes back as any other record does, so that ledger and budget see the same fact.
import { parseAttemptId, uuidV7TimeMs } from "@waybill/domain";
import { judgeEndOfLife } from "./core/judge-end-of-life.ts";
import type { BusSight, Expired, LostRecords, Writer } from "./ports.ts";

export interface ReapHoldsWorld {
  writer: Writer;
  expired: Expired;
  lostRecords: LostRecords;
  clockMarginMs: number;
  onReaped(how: "released" | "failed_free" | "unknown"): void;
}

/** One round over what has expired. The sight must have been taken before the expired holds are read. */
export async function reapHolds(world: ReapHoldsWorld, sight: BusSight): Promise<void> {
  for (const attempt of await world.expired.attempts()) {
    if (attempt.hasRecord) {
      await world.writer.submit({ kind: "release_attempt", attemptId: attempt.attemptId });
      world.onReaped("released");
      continue;
    }
    const judgement = judgeEndOfLife({
      begunAtMs: begunAtMs(attempt),
      endedAtMs: attempt.expiresAtMs,
      ...sight,
      clockMarginMs: world.clockMarginMs,
    });
    if (judgement === "wait") continue;
    const outcome = judgement === "never_sent" ? "failed_free" : "unknown";
    if (await world.lostRecords.closeAttempt(attempt.attemptId, outcome)) world.onReaped(outcome);
  }
}

/** A hold may be journaled long after its waybill was sent, while this service was away: then the request tells when it began. */
function begunAtMs({ attemptId, placedAtMs }: { attemptId: string; placedAtMs: number }): number {
  const requestedAtMs = uuidV7TimeMs(parseAttemptId(attemptId)?.requestId ?? "");
  return Math.min(placedAtMs, requestedAtMs ?? placedAtMs);
}
