// events: what was booked, told once more.
import type { Command } from "commander";
import { addEventsReplay } from "./replay.ts";

export function addEvents(program: Command): void {
  addEventsReplay(program.command("events").description("what was booked, as CloudEvents"));
}
