// baselines: what spend is compared with.
import type { Command } from "commander";
import { addBaselinesList } from "./list.ts";
import { addBaselinesSet } from "./set.ts";
import { addBaselinesShow } from "./show.ts";

export function addBaselines(program: Command): void {
  const baselines = program.command("baselines").description("what spend is compared with, to say what was saved");
  addBaselinesSet(baselines);
  addBaselinesList(baselines);
  addBaselinesShow(baselines);
}
