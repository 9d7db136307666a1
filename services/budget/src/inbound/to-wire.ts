// Answers to messages. Cannot fail.
import { BudgetAnswer, GrantAnswer, HoldAnswer, HoldLine, type Standing as WireStanding } from "@waybill/wire";
import type { Granted, Held, Refused, Standing } from "../core/operation.ts";

/** An answer as it travels; correlation id 0 marks what nobody asked for. */
export function answerOf(correlationId: bigint, answer: NonNullable<BudgetAnswer["answer"]>): BudgetAnswer {
  return BudgetAnswer.create({ correlationId, answer });
}

export function toWireGrant(grantId: string, granted: Granted): GrantAnswer {
  const { amountPicoUsd, windowId, lifeMs, standing } = granted;
  return GrantAnswer.create({
    grantId,
    amountPicoUsd,
    windowId,
    lifeMs: BigInt(Math.floor(lifeMs)),
    standing: standing && toWireStanding(standing),
  });
}

export function toWireHold(held: Held): HoldAnswer {
  return HoldAnswer.create({
    lines: held.lines.map(({ budgetId, windowId, grantId, amountPicoUsd }) =>
      // Only hard budgets are accepted for now, so every line is of one.
      HoldLine.create({ budgetId, windowId, grantId, amountPicoUsd, hard: true }),
    ),
  });
}

export function toWireRefusal(refused: Refused): HoldAnswer {
  return HoldAnswer.create({
    refusal: {
      budgetId: refused.budgetId,
      budgetName: refused.budgetName,
      limitPicoUsd: String(refused.limitPicoUsd),
      leftPicoUsd: String(refused.leftPicoUsd),
      neededPicoUsd: String(refused.neededPicoUsd),
      resetsAt: isoTime(refused.resetsAtMs),
    },
  });
}

export function toWireStanding(standing: Standing): WireStanding {
  return {
    budgetId: standing.budgetId,
    windowId: standing.windowId,
    limitPicoUsd: String(standing.limitPicoUsd),
    postedPicoUsd: String(standing.postedPicoUsd),
    heldPicoUsd: String(standing.heldPicoUsd),
    grantedPicoUsd: String(standing.grantedPicoUsd),
    resetsAt: isoTime(standing.resetsAtMs),
  };
}

function isoTime(unixMs: number | undefined): string {
  return unixMs === undefined ? "" : new Date(unixMs).toISOString();
}
