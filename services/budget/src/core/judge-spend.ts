// Which alerts follow from how a budget stands and how fast it is spent.
import { type Alert, amountText, nameOf, spoken, spokenSpan, standingData, type Watched, windowOf } from "./alert.ts";
import { burnRates, exhaustedAtMs, type Spend, usualPerHour } from "./burn.ts";

const DAY_MS = 86_400_000;
/** Of the limit that must be spent before a projection is told: the first requests of a month project anything. */
const PROJECTED_FROM_PERCENT = 10n;
/** How many times the busiest hour is told of: by the last 5 minutes and, so that it is no moment's, by the last hour. */
const ANOMALOUS_5_MIN = 3n;
const ANOMALOUS_1_HOUR = 2n;
/** Of the limit that was spent in the last hour; below it nobody cares. */
const ANOMALOUS_FROM_PERCENT = 1n;

/** Thresholds that are reached: each once in a window. */
export function judgeThresholds(of: Watched, nowMs: number): Alert[] {
  return of.alertPercents
    .filter((percent) => of.limit > 0n && of.posted * 100n >= of.limit * BigInt(percent))
    .map((percent) => ({
      ...alertOf(of, "threshold", `${windowOf(of, nowMs)}:${percent}`),
      summary: `${nameOf(of)} has spent ${spoken(of.unit, of.posted)} of ${spoken(of.unit, of.limit)}, which is ${percent} % or more.`,
      data: { ...standingData(of), percent },
    }));
}

/** It will be used up before its window ends, or within a day where it never ends: by the last hour and by the last six. */
export function judgeProjection(of: Watched, spend: Spend, nowMs: number): Alert[] {
  const { by1Hour, by6Hours } = burnRates(spend);
  const left = of.limit - of.posted;
  const untilMs = of.windowEndsAtMs ?? nowMs + DAY_MS;
  const atMs = exhaustedAtMs(left, by1Hour, nowMs, untilMs);
  const isSustained = exhaustedAtMs(left, by6Hours, nowMs, untilMs) !== undefined;
  // What a rolling window spends comes back to it: it is used up only if that is less.
  if (of.rollingMs !== undefined || atMs === undefined || !isSustained) return [];
  if (of.posted * 100n < of.limit * PROJECTED_FROM_PERCENT) return [];
  return [
    {
      ...alertOf(of, "projected", windowOf(of, nowMs)),
      summary: `${nameOf(of)} will be used up in ${spokenSpan(atMs - nowMs)} if it goes on like in the last hour: ${spoken(of.unit, left)} is left, ${spoken(of.unit, by1Hour)} an hour is spent.`,
      data: { ...standingData(of), perHour: amountText(of.unit, by1Hour), exhaustedAtMs: atMs },
    },
  ];
}

/** It burns several times as fast as in the busiest hour of the day before, lately and in the last hour. Once a day. */
export function judgeBurn(of: Watched, spend: Spend, nowMs: number): Alert[] {
  const usual = usualPerHour(spend);
  const { by5Min, by1Hour } = burnRates(spend);
  if (usual === undefined || by1Hour === 0n) return [];
  if (by5Min < usual * ANOMALOUS_5_MIN || by1Hour < usual * ANOMALOUS_1_HOUR) return [];
  if (by1Hour * 100n < of.limit * ANOMALOUS_FROM_PERCENT) return [];
  const perHour = amountText(of.unit, by1Hour);
  return [
    {
      ...alertOf(of, "burn_anomalous", `${of.budgetId}:${Math.floor(nowMs / DAY_MS)}`),
      summary: `${nameOf(of)} spent ${spoken(of.unit, by1Hour)} in the last hour; in the busiest hour of the day before it was ${spoken(of.unit, usual)}.`,
      data: { ...standingData(of), perHour, usualPerHour: amountText(of.unit, usual) },
    },
  ];
}

/** What a session has done in the last minutes, of the budget that it used the largest part of. */
export interface SessionTrail {
  organisationId: string;
  session: string;
  keyId: string;
  calls: number;
  /** Calls whose prompt was longer than the one before. */
  grown: number;
  inputTokensFirst: number;
  inputTokensLast: number;
  costPicoUsd: bigint;
  budgetId: string;
  budgetName: string;
  value: string;
  limitPicoUsd: bigint;
}

export const RUNAWAY_MINUTES = 10;
/** With fewer calls in those minutes, a session is no runaway. */
export const RUNAWAY_CALLS = 20;
/** Of the calls after the first: a small call in between does not make it tame. */
const RUNAWAY_GROWN_PERCENT = 80;
/** Of a budget's limit that the session alone took in those minutes. */
const RUNAWAY_SHARE_PERCENT = 10n;
const HOUR_MS = 3_600_000;

/** One session whose prompts grow call by call and that takes a large part of a budget. Once an hour. */
export function judgeSession(trail: SessionTrail, nowMs: number): Alert[] {
  const { organisationId, session, keyId, calls, grown, inputTokensFirst, inputTokensLast, costPicoUsd } = trail;
  if (calls < RUNAWAY_CALLS || grown * 100 < (calls - 1) * RUNAWAY_GROWN_PERCENT) return [];
  if (trail.limitPicoUsd === 0n || costPicoUsd * 100n < trail.limitPicoUsd * RUNAWAY_SHARE_PERCENT) return [];
  const cost = amountText("usd", costPicoUsd);
  return [
    {
      ...{ kind: "runaway", organisationId, budgetId: trail.budgetId },
      once: `runaway:${organisationId}:${session}:${Math.floor(nowMs / HOUR_MS)}`,
      summary: `A session made ${calls} calls in ${RUNAWAY_MINUTES} minutes for ${spoken("usd", costPicoUsd)}, its prompts growing from ${inputTokensFirst} to ${inputTokensLast} tokens; ${nameOf(trail)} has ${spoken("usd", trail.limitPicoUsd)}.`,
      data: {
        ...{ budgetName: trail.budgetName, session, keyId, calls, inputTokensFirst, inputTokensLast, cost },
        ...(trail.value !== "" && { value: trail.value }),
        ...{ unit: "usd", limit: amountText("usd", trail.limitPicoUsd) },
      },
    },
  ];
}

function alertOf(
  of: Watched,
  kind: Alert["kind"],
  once: string,
): Pick<Alert, "kind" | "once" | "organisationId" | "budgetId"> {
  return { kind, once: `${kind}:${once}`, organisationId: of.organisationId, budgetId: of.budgetId };
}
