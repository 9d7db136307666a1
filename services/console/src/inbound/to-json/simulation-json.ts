// What a month would cost, as it is shown.
import { formatUsd } from "@waybill/domain";
import type { z } from "zod";
import { decimalText, shareText } from "../../core/simulation/fraction.ts";
import type { Delta, SimulatedCost, SimulatedLine } from "../../core/simulation/simulate-cost.ts";
import type * as schemas from "../schemas/simulations.ts";

type Answer = z.input<typeof schemas.simulatedCost>;

export function scenarioJson({ lines, cost, knownCost }: SimulatedCost): Answer["baseline"] {
  const byModel = new Map<string, SimulatedLine[]>();
  for (const line of lines) byModel.set(line.model, [...(byModel.get(line.model) ?? []), line]);
  const models = [...byModel].map(([model, some]) => ({ model, cost: costOf(some), ...countsOf(some) }));
  models.sort((a, b) => compare(b.cost ?? -1n, a.cost ?? -1n));
  return {
    costUsd: usdOrNull(cost),
    knownCostUsd: formatUsd(knownCost),
    models: models.map(({ cost: sum, ...shown }) => ({ ...shown, costUsd: usdOrNull(sum) })),
    lines: lines.map((line) => ({
      part: line.part,
      model: line.model,
      share: shareText(line.share),
      ...countsOf([line]),
      costUsd: usdOrNull(line.cost),
    })),
  };
}

export function deltaJson(delta: Delta | undefined): Answer["delta"] {
  if (!delta) return null;
  const { cost, percent } = delta;
  return { costUsd: formatUsd(cost), percent: percent === undefined ? null : decimalText(percent, 2) };
}

export function usdOrNull(cost: bigint | undefined): string | null {
  return cost === undefined ? null : formatUsd(cost);
}

function countsOf(lines: readonly SimulatedLine[]) {
  const sum = (of: (line: SimulatedLine) => bigint): number => Number(lines.reduce((so, line) => so + of(line), 0n));
  return {
    calls: sum(({ calls }) => calls),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
  };
}

function costOf(lines: readonly SimulatedLine[]): bigint | undefined {
  let sum = 0n;
  for (const { cost } of lines) {
    if (cost === undefined) return undefined;
    sum += cost;
  }
  return sum;
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
