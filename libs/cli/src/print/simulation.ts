// What a month would cost, in words.
import type { SimulatedCost } from "../api/simulations.ts";
import { formatTable } from "./table.ts";

export function formatSimulation({ baseline, proposal, delta, recorded, assumptions }: SimulatedCost): string {
  const lines = (["baseline", "proposal"] as const).flatMap((name) =>
    ({ baseline, proposal })[name].lines.map((line) => [
      ...[name, line.part, line.model, line.share, String(line.calls)],
      ...[String(line.inputTokens), String(line.outputTokens), line.costUsd ?? "unknown"],
    ]),
  );
  return [
    formatTable(["", "part", "model", "share", "calls", "input", "output", "USD a month"], lines),
    `baseline ${costOf(baseline)}, proposal ${costOf(proposal)}: ${deltaText(delta)}`,
    ...(recorded ? [recordedText(recorded)] : []),
    ...assumptions.map((assumption) => `assumed: ${assumption}`),
  ].join("\n");
}

function costOf({ costUsd, knownCostUsd }: SimulatedCost["baseline"]): string {
  return costUsd === null ? `unknown (of it known: $${knownCostUsd})` : `$${costUsd}`;
}

function deltaText(delta: SimulatedCost["delta"]): string {
  if (!delta) return "the difference is unknown";
  const { costUsd, percent } = delta;
  const amount = costUsd.startsWith("-") ? `-$${costUsd.slice(1)}` : `+$${costUsd}`;
  return percent === null ? `${amount} a month` : `${amount} a month (${percent} %)`;
}

function recordedText({
  from,
  until,
  calls,
  daysWithTraffic,
  ...cost
}: NonNullable<SimulatedCost["recorded"]>): string {
  const { costUsd, perMonthUsd, knownCostUsd } = cost;
  const booked =
    costUsd === null ? `booked for an unknown cost (of it known: $${knownCostUsd})` : `booked for $${costUsd}`;
  const month = perMonthUsd === null ? "" : `, in a month $${perMonthUsd}`;
  return `recorded: ${calls} calls on ${daysWithTraffic} days from ${from} until ${until}, ${booked}${month}`;
}
