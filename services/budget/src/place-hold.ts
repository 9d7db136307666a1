// THE STORY, near the limit: a router places an exact hold. Before anyone is clamped or refused, credit that lies unspent
// with routers is called back, and nobody gets new credit meanwhile; before anyone is refused, holds in the way get a moment
// to settle, because their calls may have ended already: an earlier attempt of the same request, or the request just
// answered. No lock is held meanwhile.
import { WaybillError } from "@waybill/domain";
import { CREDIT_STOPPED_MS } from "./core/books.ts";
import type { AnswerTo, PlaceHold } from "./core/operation.ts";
import type { Pace, Recall, WaitingRoom, Withdrawals, Writer } from "./ports.ts";

export interface PlaceHoldWorld extends Pace {
  writer: Writer;
  recall: Recall;
  waitingRoom: WaitingRoom;
  withdrawals: Withdrawals;
}

/** How long a request waits for the records of holds that stand in its way. */
const RECORD_WAIT_MS = 250;
const RECORD_POLL_MS = 20;

/**
 * Held, or refused with the numbers of the budget that bound. Rejects with budget_unavailable at the deadline, and where a refusal would
 * not be certain because credit that could change it is still out, or may be again.
 */
export async function placeHold(
  world: PlaceHoldWorld,
  place: PlaceHold,
  deadlineMs: number,
): Promise<AnswerTo<PlaceHold>> {
  const askedAtMs = world.monotonicMs();
  const endsAtMs = askedAtMs + deadlineMs;
  const recalled: string[] = [];
  const decide = (): Promise<AnswerTo<PlaceHold>> => {
    // Whoever goes without it does not hear of it any more: what is placed now would be held by nobody.
    if (world.withdrawals.has(place)) throw unavailable("its asker goes without it");
    return world.writer.submit({ ...place, recalled }, Math.max(0, endsAtMs - world.monotonicMs()));
  };

  let answer = await decide();
  let isAllBack = true;
  // Each round calls back from budgets that the rounds before did not, so there are at most as many as budgets.
  while (answer.kind === "refused" && answer.recallable.length > 0) {
    recalled.push(...answer.recallable);
    if ((await world.recall(answer.recallable)) === "missing") isAllBack = false;
    answer = await decide();
  }
  if (mayFitSoon(answer)) answer = await whenSettled(world, answer, decide, endsAtMs);
  if (answer.kind !== "refused" || recalled.length === 0) return answer;
  // There may be room with a holder that is slow to answer: that is no reason to say that there is none.
  if (!isAllBack) throw unavailable("credit that was called back is not back yet");
  if (world.monotonicMs() - askedAtMs > CREDIT_STOPPED_MS)
    throw unavailable("others may have got new credit meanwhile");
  return answer;
}

function unavailable(detail: string): WaybillError {
  return new WaybillError("budget_unavailable", { detail });
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
