// A choice that holds no money: what was said to a hold then is said again, and without a record everything is paid for.
import { type HeldFigures, NOTHING_HELD } from "../explain.ts";
import type { RecordedWorld } from "../recorded-world.ts";
import type { Snapshot } from "../snapshot.ts";
import type { World } from "../world.ts";
import { type Choice, type ChooseFrom, choose } from "./choose.ts";

/** `recorded` undefined: nothing was recorded. `figures` are those of the last hold. */
export function chooseAsRecorded(
  asked: ChooseFrom,
  snapshot: Snapshot,
  world: World,
  recorded: Pick<RecordedWorld, "hold"> | undefined,
): { choice: Choice; figures: HeldFigures } {
  const choosing = choose(asked, snapshot, world);
  let figures = NOTHING_HELD;
  let step = choosing.next();
  while (!step.done) {
    const held = recorded?.hold(step.value.entry) ?? { told: { kind: "free" as const }, figures: NOTHING_HELD };
    figures = held.figures;
    step = choosing.next(held.told);
  }
  return { choice: step.value, figures };
}
