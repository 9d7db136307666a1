// What a budget says, as people administer it, and how it is read from and compared with what is on the wire. Amounts are in its unit.
import {
  type Budget,
  BudgetScope,
  BudgetUnit,
  Exhaustion,
  WhenAway,
  Enforcement as WireEnforcement,
} from "@waybill/wire";
import type { Enforcement, Unit } from "./operation.ts";

export const SCOPE_FIELDS = [
  "organisationId",
  "teamId",
  "userId",
  "keyId",
  "endUserId",
  "route",
  "provider",
  "model",
  "tagName",
  "tagValue",
] as const;
export type ScopeField = (typeof SCOPE_FIELDS)[number];
/** Every field that is not empty must match. */
type Scope = Readonly<Record<ScopeField, string>>;

export interface WindowRule {
  kind: string;
  /** Length of a fixed or rolling window, else 0. */
  seconds: bigint;
  timeZone: string;
  anchorWeekday: number;
  anchorDay: number;
  anchorMonth: number;
  /** Unix seconds. */
  anchorAtSeconds: bigint;
}

export interface BudgetRule {
  id: string;
  name: string;
  scope: Scope;
  unit: Unit;
  limit: bigint;
  enforcement: Enforcement;
  maxSharePercent: number;
  window: WindowRule;
  carryOver: boolean;
  /** Empty, or the field whose every value has a counter of its own, as the wire names it: team_id. */
  per: string;
  onExhausted: "refuse" | "fallback" | "downgrade";
  whenAway: "deny" | "allow" | "downgrade";
  awayAllowance: bigint;
  alertPercents: readonly number[];
}

/** What is wrong, and with which field; named as the admin API names it. */
export interface Problem {
  field: string;
  problem: string;
}

/** Template fields as the wire names them, and what they are in a scope. */
export const PER_FIELDS: Readonly<Record<string, ScopeField>> = {
  team_id: "teamId",
  user_id: "userId",
  key_id: "keyId",
  end_user_id: "endUserId",
};

const UNITS = new Map<BudgetUnit, Unit>([
  [BudgetUnit.UNSPECIFIED, "usd"],
  [BudgetUnit.REQUESTS, "requests"],
  [BudgetUnit.TOKENS, "tokens"],
]);
const ENFORCEMENTS = new Map<WireEnforcement, Enforcement>([
  [WireEnforcement.UNSPECIFIED, "hard"],
  [WireEnforcement.HARD, "hard"],
  [WireEnforcement.SOFT, "soft"],
  [WireEnforcement.OBSERVE, "observe"],
]);
const EXHAUSTIONS = new Map<Exhaustion, BudgetRule["onExhausted"]>([
  [Exhaustion.UNSPECIFIED, "refuse"],
  [Exhaustion.FALLBACK, "fallback"],
  [Exhaustion.DOWNGRADE, "downgrade"],
]);
const WHEN_AWAYS = new Map<WhenAway, BudgetRule["whenAway"]>([
  [WhenAway.UNSPECIFIED, "deny"],
  [WhenAway.ALLOW, "allow"],
  [WhenAway.DOWNGRADE, "downgrade"],
]);
const AMOUNT = /^\d{1,30}$/;
const DEFAULT_SHARE_PERCENT = 50;

/** What is not said has its default. What cannot be read is a problem, and has its default in the rule. */
export function readBudget(wire: Budget): { rule: BudgetRule; problems: Problem[] } {
  const problems: Problem[] = [];
  const report = (field: string, problem: string): void => void problems.push({ field, problem });
  const amount = (field: string, text: string): bigint => {
    if (AMOUNT.test(text)) return BigInt(text);
    if (text !== "") report(field, "must be a whole amount of the unit as decimal text");
    return 0n;
  };
  const oneOf = <W, T>(field: string, known: ReadonlyMap<W, T>, value: W, fallback: T): T => {
    const found = known.get(value);
    if (found === undefined) report(field, "is none of those that there are");
    return found ?? fallback;
  };
  const rule: BudgetRule = {
    id: wire.id,
    name: wire.name,
    scope: readScope(wire.scope),
    unit: oneOf("unit", UNITS, wire.unit, "usd"),
    limit: amount("limit", wire.limitPicoUsd),
    enforcement: oneOf("enforcement", ENFORCEMENTS, wire.enforcement, "hard"),
    maxSharePercent: wire.maxSharePercent || DEFAULT_SHARE_PERCENT,
    window: readWindow(wire.window),
    carryOver: wire.carryOver,
    per: wire.per,
    onExhausted: oneOf("onExhausted", EXHAUSTIONS, wire.onExhausted, "refuse"),
    whenAway: oneOf("whenAway", WHEN_AWAYS, wire.whenAway, "deny"),
    awayAllowance: amount("awayAllowance", wire.awayAllowance),
    alertPercents: wire.alertPercents,
  };
  return { rule, problems };
}

/** What is not said is empty. */
export function readScope(wire: Budget["scope"]): Scope {
  const given = wire ?? BudgetScope.create({});
  return Object.fromEntries(SCOPE_FIELDS.map((field) => [field, given[field]])) as Record<ScopeField, string>;
}

function readWindow(wire: Budget["window"]): WindowRule {
  return {
    kind: wire?.kind ?? "",
    seconds: wire?.seconds ?? 0n,
    timeZone: wire?.timeZone || "UTC",
    anchorWeekday: wire?.anchorWeekday || 1,
    anchorDay: wire?.anchorDay || 1,
    anchorMonth: wire?.anchorMonth || 1,
    anchorAtSeconds: wire?.anchorAtSeconds ?? 0n,
  };
}

/** True when two rules say the same. */
export function isSameRule(a: BudgetRule, b: BudgetRule): boolean {
  return figures(a) === figures(b);
}

/** True when their windows begin and end together. */
export function hasSameWindows(a: BudgetRule, b: BudgetRule): boolean {
  return figures(a.window) === figures(b.window);
}

function figures(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
}
