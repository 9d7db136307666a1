// What a rate limit says, as people administer it: how it is read from the wire, and every problem it has by itself.

import type { RateLimit } from "@waybill/wire";
import type { BudgetRule, Problem } from "./budget-rule.ts";
import { readScope } from "./budget-rule.ts";
import { checkNames, checkScopeTexts } from "./check-budget.ts";

export interface RateLimitRule extends Pick<BudgetRule, "id" | "scope" | "per"> {
  unit: string;
  amount: bigint;
  perSeconds: number;
  burst: bigint;
}

const UNITS = ["requests", "tokens", "concurrency"];
const AMOUNT_MAX = 1_000_000_000n;
const SECONDS_MAX = 86_400;

/** A burst that is not said is the amount. */
export function readRateLimit({ id, scope, per, unit, amount, perSeconds, burst }: RateLimit): RateLimitRule {
  return { id, scope: readScope(scope), per, unit, amount, perSeconds, burst: burst === 0n ? amount : burst };
}

export function checkRateLimit(rule: RateLimitRule): Problem[] {
  const problems: Problem[] = [];
  const report = (field: string, problem: string): void => void problems.push({ field, problem });
  checkNames({ id: rule.id, name: rule.id || "-" }, report);
  checkScopeTexts(rule, report);
  if (!UNITS.includes(rule.unit)) report("unit", `must be ${UNITS.join(" or ")}`);
  if (rule.amount < 1n || rule.amount > AMOUNT_MAX) report("amount", `must be from 1 to ${AMOUNT_MAX}`);
  const isAtATime = rule.unit === "concurrency";
  if (isAtATime && rule.perSeconds !== 0) report("perSeconds", "is not for what counts requests at a time");
  if (isAtATime && rule.burst !== rule.amount) report("burst", "is not for what counts requests at a time");
  if (isAtATime) return problems;
  if (rule.perSeconds < 1 || rule.perSeconds > SECONDS_MAX) report("perSeconds", `must be from 1 to ${SECONDS_MAX}`);
  if (rule.burst < 1n || rule.burst > AMOUNT_MAX) report("burst", `must be from 1 to ${AMOUNT_MAX}`);
  return problems;
}

/** True when two rules say the same. */
export function isSameRateLimit(a: RateLimitRule, b: RateLimitRule): boolean {
  const said = (rule: RateLimitRule): string =>
    JSON.stringify({ ...rule, amount: `${rule.amount}`, burst: `${rule.burst}` });
  return said(a) === said(b);
}
