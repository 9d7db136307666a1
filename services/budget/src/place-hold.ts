// THE STORY, near the limit: a router places an exact hold. Before anyone is refused, credit that lies unspent with
// routers is called back, and an earlier attempt of the same request gets a moment to settle. No lock is held meanwhile.
import type { Answer, AnswerTo, PlaceHold } from "./core/operation.ts";
import type { EarlierAttemptIsOpen, Pace, Recall, Writer } from "./ports.ts";

export interface PlaceHoldWorld extends Pace {
  writer: Writer;
  recall: Recall;
  earlierAttemptIsOpen: EarlierAttemptIsOpen;
}

/** How long attempt n+1 waits for the record of attempt n when n's hold stands in its way. */
const RECORD_WAIT_MS = 250;
const RECORD_POLL_MS = 20;

/** Held, or refused with the numbers of the budget that bound. Rejects with budget_unavailable at the deadline. */
export async function placeHold(
  world: PlaceHoldWorld,
  place: PlaceHold,
  deadlineMs: number,
): Promise<AnswerTo<PlaceHold>> {
  const beganAtMs = world.monotonicMs();
  const leftMs = (): number => Math.max(0, deadlineMs - (world.monotonicMs() - beganAtMs));
  const decide = (mayRecall: boolean): Promise<AnswerTo<PlaceHold>> =>
    world.writer.submit({ ...place, mayRecall }, leftMs());

  let answer = await decide(true);
  if (answer.kind === "refused" && answer.recallable.length > 0) {
    await world.recall(answer.recallable);
    answer = await decide(false);
  }
  const waitEndsAtMs = Math.min(beganAtMs + deadlineMs, world.monotonicMs() + RECORD_WAIT_MS);
  while (
    isRefused(answer) &&
    world.monotonicMs() < waitEndsAtMs &&
    (await world.earlierAttemptIsOpen(place.attemptId))
  ) {
    await world.pause(RECORD_POLL_MS);
    answer = await decide(false);
  }
  return answer;
}

const isRefused = ({ kind }: Answer): boolean => kind === "refused";
