// Answers to messages. Cannot fail.
import { maxPicoUsd } from "@waybill/domain";
import {
  BudgetAnswer,
  type Burn,
  GrantAnswer,
  HoldAnswer,
  HoldLine,
  type Standing as WireStanding,
} from "@waybill/wire";
import { burnRates, exhaustedAtMs, type Spend } from "../core/burn.ts";
import type { Granted, Held, Refused, Standing } from "../core/operation.ts";
import { toWireUnit } from "../outbound/to-wire-budget.ts";

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
    lines: held.lines.map(({ budgetId, windowId, grantId, amountPicoUsd, unit, enforcement }) =>
      HoldLine.create({
        ...{ budgetId, windowId, grantId, amountPicoUsd, unit: toWireUnit(unit) },
        hard: enforcement === "hard",
      }),
    ),
  });
}

export function toWireRefusal(refused: Refused): HoldAnswer {
  const { budgetId, budgetName, templateValue, soft } = refused;
  return HoldAnswer.create({
    refusal: {
      budgetId,
      budgetName,
      limitPicoUsd: String(refused.limitPicoUsd),
      leftPicoUsd: String(refused.leftPicoUsd),
      neededPicoUsd: String(refused.neededPicoUsd),
      resetsAt: isoTime(refused.resetsAtMs),
      unit: toWireUnit(refused.unit),
      templateValue,
      soft,
    },
  });
}

/** How fast a budget is spent, and until when it lasts. */
export function toWireBurn(standing: Standing, spend: Spend, nowMs: number): Burn {
  const { by5Min, by1Hour, by6Hours } = burnRates(spend);
  const left = standing.limitPicoUsd - standing.postedPicoUsd;
  const atMs = standing.isRolling ? undefined : exhaustedAtMs(left, by1Hour, nowMs, standing.resetsAtMs);
  return {
    perHourBy5Min: String(by5Min),
    perHourBy1Hour: String(by1Hour),
    perHourBy6Hours: String(by6Hours),
    exhaustedAtMs: BigInt(atMs ?? 0),
  };
}

export function toWireStanding(standing: Standing): WireStanding {
  const { budgetId, windowId, limitPicoUsd, postedPicoUsd, heldPicoUsd, grantedPicoUsd, templateValue } = standing;
  const used = postedPicoUsd + heldPicoUsd + grantedPicoUsd;
  return {
    budgetId,
    windowId,
    limitPicoUsd: String(limitPicoUsd),
    postedPicoUsd: String(postedPicoUsd),
    heldPicoUsd: String(heldPicoUsd),
    grantedPicoUsd: String(grantedPicoUsd),
    resetsAt: isoTime(standing.resetsAtMs),
    unit: toWireUnit(standing.unit),
    overshootPicoUsd: String(maxPicoUsd(0n, used - limitPicoUsd)),
    templateValue,
    carriedOverPicoUsd: String(standing.carriedInPicoUsd),
    // Told only to who asks.
    burn: undefined,
  };
}

function isoTime(unixMs: number | undefined): string {
  return unixMs === undefined ? "" : new Date(unixMs).toISOString();
}
