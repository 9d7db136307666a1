// THE STORY, near the limit: a router places an exact hold. Before anyone is clamped or refused, credit that lies unspent
// with routers is called back; before anyone is refused, holds in the way get a moment to settle, because their calls may
// have ended already: an earlier attempt of the same request, or the request just answered. No lock is held meanwhile.
import { WaybillError } from "@waybill/domain";
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

/**
 * Held, or refused with the numbers of the budget that bound. Rejects with budget_unavailable at the deadline, and where a refusal would
 * not be certain because credit that was called back a moment ago is still out.
 */
export async function placeHold(
  world: PlaceHoldWorld,
  place: PlaceHold,
  deadlineMs: number,
): Promise<AnswerTo<PlaceHold>> {
  const endsAtMs = world.monotonicMs() + deadlineMs;
  const decide = (mayRecall: boolean): Promise<AnswerTo<PlaceHold>> =>
    world.writer.submit({ ...place, mayRecall }, Math.max(0, endsAtMs - world.monotonicMs()));

  let answer = await decide(true);
  let recalled: "back" | "missing" = "back";
  if (answer.kind === "refused" && answer.recallable.length > 0) {
    recalled = await world.recall(answer.recallable);
    answer = await decide(false);
  }
  if (mayFitSoon(answer)) answer = await whenSettled(world, answer, () => decide(false), endsAtMs);
  // There may be room with a holder that is slow to answer: that is no reason to say that there is none.
  if (answer.kind === "refused" && recalled === "missing") throw unanswered();
  return answer;
}

function unanswered(): WaybillError {
  return new WaybillError("budget_unavailable", { detail: "credit that was called back is not back yet" });
}

/** Gives holds in the way a moment to settle. */
async function whenSettled(
  world: PlaceHoldWorld,
  first: AnswerTo<PlaceHold>,
  decide: () => Promise<AnswerTo<PlaceHold>>,
  endsAtMs: number,
): Promise<AnswerTo<PlaceHold>> {
  let answer = first;
  if (!world.waitingRoom.enter()) return answer;
  try {
    // The last look at the books must still be answered in time.
    const waitEndsAtMs = Math.min(endsAtMs - 2 * RECORD_POLL_MS, world.monotonicMs() + RECORD_WAIT_MS);
    while (mayFitSoon(answer) && world.monotonicMs() < waitEndsAtMs) {
      await world.pause(RECORD_POLL_MS);
      answer = await decide();
    }
    return answer;
  } finally {
    world.waitingRoom.leave();
  }
}

function mayFitSoon(answer: AnswerTo<PlaceHold>): boolean {
  return answer.kind === "refused" && answer.mayFitSoon;
}
