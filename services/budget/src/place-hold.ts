// THE STORY, near the limit: a router places an exact hold. Before anyone is clamped or refused, credit that lies unspent
// with routers is called back; before anyone is refused, holds in the way get a moment to settle, because their calls may
// have ended already: an earlier attempt of the same request, or the request just answered. No lock is held meanwhile.
import type { AnswerTo, PlaceHold } from "./core/operation.ts";
import type { Pace, Recall, WaitingRoom, Writer } from "./ports.ts";

export interface PlaceHoldWorld extends Pace {
  writer: Writer;
  recall: Recall;
  waitingRoom: WaitingRoom;
}

/** How long a request waits for the records of holds that stand in its way. */
const RECORD_WAIT_MS = 250;
const RECORD_POLL_MS = 20;

/** Held, or refused with the numbers of the budget that bound. Rejects with budget_unavailable at the deadline. */
export async function placeHold(
  world: PlaceHoldWorld,
  place: PlaceHold,
  deadlineMs: number,
): Promise<AnswerTo<PlaceHold>> {
  const endsAtMs = world.monotonicMs() + deadlineMs;
  const decide = (mayRecall: boolean): Promise<AnswerTo<PlaceHold>> =>
    world.writer.submit({ ...place, mayRecall }, Math.max(0, endsAtMs - world.monotonicMs()));

  let answer = await decide(true);
  if (answer.kind === "refused" && answer.recallable.length > 0) {
    await world.recall(answer.recallable);
    answer = await decide(false);
  }
  if (!mayFitSoon(answer) || !world.waitingRoom.enter()) return answer;
  try {
    // The last look at the books must still be answered in time.
    const waitEndsAtMs = Math.min(endsAtMs - 2 * RECORD_POLL_MS, world.monotonicMs() + RECORD_WAIT_MS);
    while (mayFitSoon(answer) && world.monotonicMs() < waitEndsAtMs) {
      await world.pause(RECORD_POLL_MS);
      answer = await decide(false);
    }
    return answer;
  } finally {
    world.waitingRoom.leave();
  }
}

function mayFitSoon(answer: AnswerTo<PlaceHold>): boolean {
  return answer.kind === "refused" && answer.mayFitSoon;
}
