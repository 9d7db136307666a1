// waybill simulate: what would it cost? Where a request would go is `waybill routes simulate`.
import type { Command } from "commander";
import { addSimulateCost } from "./cost.ts";

export function addSimulate(program: Command): void {
  const simulate = program.command("simulate").description("what a month would cost on other models");
  addSimulateCost(simulate);
}
