// An alert: what is told of a budget's spend, once, with its figures and one sentence for people.
import { formatUsd } from "@waybill/domain";
import type { Unit } from "./operation.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export const ALERT_KINDS = [
  "threshold",
  "projected",
  "burn_anomalous",
  "over_hold",
  "runaway",
  "price_unknown",
  "test",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Amounts are decimal text in the unit, times Unix milliseconds. What does not belong to a kind is not there. */
export interface AlertData {
  budgetName?: string;
  /** Of a template's counter: whose it is. */
  value?: string;
  unit?: Unit;
  windowStartsAtMs?: number | undefined;
  windowEndsAtMs?: number | undefined;
  limit?: string;
  spent?: string;
  percent?: number;
  perHour?: string;
  usualPerHour?: string;
  exhaustedAtMs?: number;
  attemptId?: string;
  cost?: string;
  overBy?: string;
  model?: string;
  session?: string;
  keyId?: string;
  calls?: number;
  inputTokensFirst?: number;
  inputTokensLast?: number;
}

export interface Alert {
  kind: AlertKind;
  /** What can be told only once, under any number of processes and repetitions. */
  once: string;
  organisationId: string;
  /** Empty: of no budget. */
  budgetId: string;
  summary: string;
  data: AlertData;
}

/** Of which budget an alert is, and how it stands. */
export interface Watched {
  budgetId: string;
  budgetName: string;
  organisationId: string;
  value: string;
  unit: Unit;
  windowId: bigint;
  /** Undefined: a rolling window, which has no beginning. */
  windowStartsAtMs: number | undefined;
  windowEndsAtMs: number | undefined;
  /** Of a rolling window; undefined: of any other. */
  rollingMs: number | undefined;
  /** With what was carried over and a raise. */
  limit: bigint;
  posted: bigint;
  alertPercents: readonly number[];
}

/**
 * Names the window for "once in a window". A rolling one has no end: it counts as a new one each time its length has passed.
 */
export function windowOf({ windowId, rollingMs }: Watched, nowMs: number): string {
  return rollingMs === undefined ? `${windowId}` : `${windowId}@${Math.floor(nowMs / rollingMs)}`;
}

/** The figures that every alert of a budget has. */
export function standingData(of: Watched): AlertData {
  return {
    budgetName: of.budgetName,
    ...(of.value !== "" && { value: of.value }),
    unit: of.unit,
    windowStartsAtMs: of.windowStartsAtMs,
    windowEndsAtMs: of.windowEndsAtMs,
    limit: amountText(of.unit, of.limit),
    spent: amountText(of.unit, of.posted),
  };
}

/** `Support, September (support-month)`, with the value that a template's counter is of. */
export function nameOf({ budgetId, budgetName, value }: Pick<Watched, "budgetId" | "budgetName" | "value">): string {
  const whose = value === "" ? "" : ` for ${value}`;
  return budgetName === "" ? `Budget ${budgetId}${whose}` : `${budgetName}${whose}`;
}

/** A call cost more than was held for it: its price or its bound is wrong. */
export function overHoldAlert(
  of: Pick<Watched, "budgetId" | "budgetName" | "organisationId"> & { templateValue: string },
  { attemptId, cost, over }: { attemptId: string; cost: bigint; over: bigint },
  nowMs: number,
): Alert {
  const { budgetId, budgetName, organisationId, templateValue: value } = of;
  return {
    ...{ kind: "over_hold", once: `over_hold:${budgetId}:${Math.floor(nowMs / HOUR_MS)}`, organisationId, budgetId },
    summary: `A call on ${nameOf({ budgetId, budgetName, value })} cost ${spoken("usd", cost)}, which is ${spoken("usd", over)} more than was held for it.`,
    data: {
      ...{ budgetName, unit: "usd", attemptId, cost: amountText("usd", cost), overBy: amountText("usd", over) },
      ...(value !== "" && { value }),
    },
  };
}

/** A call is booked without a price: what it cost is unknown until the catalogue says it. Once in a UTC day for each model. */
export function priceUnknownAlert(
  { organisationId, model }: { organisationId: string; model: string },
  attemptId: string,
  nowMs: number,
): Alert {
  const day = Math.floor(nowMs / DAY_MS);
  return {
    ...{ kind: "price_unknown", once: `price_unknown:${organisationId}:${model}:${day}`, organisationId, budgetId: "" },
    summary: `The price of ${model} is unknown: its calls are in no cost and on no budget of money until it is saved.`,
    data: { model, attemptId },
  };
}

export function amountText(unit: Unit, amount: bigint): string {
  return unit === "usd" ? formatUsd(amount) : amount.toString();
}

/** As people read it: `12.50 USD`, `700 tokens`. Money to the cent, or exact below a dollar. */
export function spoken(unit: Unit, amount: bigint): string {
  if (unit !== "usd") return `${amount} ${unit}`;
  const cents = amount / 10_000_000_000n;
  return cents < 100n ? `${formatUsd(amount)} USD` : `${cents / 100n}.${String(cents % 100n).padStart(2, "0")} USD`;
}

/** As people say it: `4 h 43 min`, `12 min`. */
export function spokenSpan(spanMs: number): string {
  const minutes = Math.floor(spanMs / MINUTE_MS);
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60)];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
