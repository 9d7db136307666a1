// Budgets of the wire as the admin API shows them, and those that it is given as they travel.
import {
  Budget,
  type BudgetDifference,
  BudgetScope,
  type BudgetWithStanding,
  type Burn,
  Enforcement,
  Exhaustion,
  type Standing,
  WhenAway,
} from "@waybill/wire";
import type { z } from "zod";
import { formatAmount, parseAmount, toWireUnit, type UnitName, unitName } from "../../core/budget-amount.ts";
import type { Problem } from "../../core/problem.ts";
import type * as schemas from "../schemas/budgets.ts";
import { isoTime, isoTimeOrNull } from "./iso-time.ts";

type BudgetJson = z.input<typeof schemas.budget>;
type Given = z.output<typeof schemas.replaceBudgetBody>;

const ENFORCEMENTS = { hard: Enforcement.HARD, soft: Enforcement.SOFT, observe: Enforcement.OBSERVE } as const;
const EXHAUSTIONS = {
  refuse: Exhaustion.UNSPECIFIED,
  fallback: Exhaustion.FALLBACK,
  downgrade: Exhaustion.DOWNGRADE,
} as const;
const WHEN_AWAYS = { deny: WhenAway.UNSPECIFIED, allow: WhenAway.ALLOW, downgrade: WhenAway.DOWNGRADE } as const;
export const PER_FIELDS = { teamId: "team_id", userId: "user_id", keyId: "key_id", endUserId: "end_user_id" } as const;

/** The name under which a table keeps a value. */
export function nameOf<N extends string, V>(table: Readonly<Record<N, V>>, value: V, fallback: N): N {
  return (Object.keys(table) as N[]).find((name) => table[name] === value) ?? fallback;
}

export function budgetJson(wire: Budget): BudgetJson {
  const { id, name, enforcement, maxSharePercent, carryOver, alertPercents, window } = wire;
  const unit = unitName(wire.unit);
  const amount = (text: string): string => formatAmount(unit, BigInt(text || 0));
  return {
    ...{ id, name, unit, maxSharePercent, carryOver, alertPercents },
    scope: scopeJson(wire.scope),
    limit: amount(wire.limitPicoUsd),
    enforcement: nameOf(ENFORCEMENTS, enforcement, "hard"),
    window: {
      kind: window?.kind ?? "",
      seconds: window?.seconds ? Number(window.seconds) : null,
      timeZone: window?.timeZone || "UTC",
      anchorWeekday: window?.anchorWeekday || 1,
      anchorDay: window?.anchorDay || 1,
      anchorMonth: window?.anchorMonth || 1,
      anchorAt: window?.anchorAtSeconds ? isoTime(window.anchorAtSeconds * 1_000n) : null,
    },
    per: wire.per === "" ? null : nameOf<keyof typeof PER_FIELDS, string>(PER_FIELDS, wire.per, "userId"),
    onExhausted: nameOf(EXHAUSTIONS, wire.onExhausted, "refuse"),
    whenAway: nameOf(WHEN_AWAYS, wire.whenAway, "deny"),
    awayAllowance: BigInt(wire.awayAllowance || 0) === 0n ? null : amount(wire.awayAllowance),
    raise: wire.raise
      ? { by: amount(wire.raise.by), reason: wire.raise.reason, until: isoTime(wire.raise.untilMs) }
      : null,
  };
}

export function budgetWithStandingJson({
  budget,
  standing,
}: BudgetWithStanding): z.input<typeof schemas.budgetWithStanding> {
  const shown = budgetJson(budget ?? Budget.create({}));
  return { ...shown, standing: standing ? standingJson(standing, shown.unit) : null };
}

/** Only what it names. */
export function scopeJson(scope: Budget["scope"]): BudgetJson["scope"] {
  const { tagName = "", tagValue = "", ...fields } = scope ?? {};
  const named = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
  return { ...named, ...(tagName !== "" && { tag: { name: tagName, value: tagValue } }) };
}

function standingJson(standing: Standing, unit: UnitName): z.input<typeof schemas.budgetWithStanding>["standing"] {
  const [limit = 0n, posted = 0n, held = 0n, granted = 0n] = [
    standing.limitPicoUsd,
    standing.postedPicoUsd,
    standing.heldPicoUsd,
    standing.grantedPicoUsd,
  ].map((text) => BigInt(text || 0));
  return {
    limit: formatAmount(unit, limit),
    spent: formatAmount(unit, posted),
    held: formatAmount(unit, held),
    granted: formatAmount(unit, granted),
    remaining: formatAmount(unit, limit - posted - held - granted),
    resetsAt: standing.resetsAt === "" ? null : standing.resetsAt,
    burn: burnJson(standing.burn, unit),
  };
}

function burnJson(burn: Burn | undefined, unit: UnitName) {
  const amount = (text = ""): string => formatAmount(unit, BigInt(text || 0));
  return {
    by5Min: amount(burn?.perHourBy5Min),
    by1Hour: amount(burn?.perHourBy1Hour),
    by6Hours: amount(burn?.perHourBy6Hours),
    exhaustedAt: isoTimeOrNull(burn?.exhaustedAtMs ?? 0n),
  };
}

/** `organisationId`: whose it is where its scope does not say. Amounts that are none are problems, and 0 in the budget. */
export function givenBudget(id: string, given: Given, organisationId: string): { budget: Budget; problems: Problem[] } {
  const problems: Problem[] = [];
  const amount = (field: string, text: string): string => {
    const read = parseAmount(given.unit, text);
    if (typeof read === "bigint") return read.toString();
    problems.push({ node: "", field, problem: read });
    return "";
  };
  const { kind, seconds, anchorAt, ...rule } = given.window;
  const budget = Budget.create({
    ...{ id, name: given.name, unit: toWireUnit(given.unit), limitPicoUsd: amount("limit", given.limit) },
    scope: givenScope(given.scope, organisationId),
    enforcement: ENFORCEMENTS[given.enforcement],
    maxSharePercent: given.maxSharePercent,
    window: {
      ...{ kind, timeZone: "", anchorWeekday: 0, anchorDay: 0, anchorMonth: 0, ...withoutUndefined(rule) },
      seconds: BigInt(seconds ?? 0),
      anchorAtSeconds: anchorAt ? BigInt(Math.floor(Date.parse(anchorAt) / 1_000)) : 0n,
    },
    carryOver: given.carryOver,
    per: given.per ? PER_FIELDS[given.per] : "",
    onExhausted: EXHAUSTIONS[given.onExhausted],
    whenAway: WHEN_AWAYS[given.whenAway],
    awayAllowance: given.awayAllowance ? amount("awayAllowance", given.awayAllowance) : "",
    alertPercents: given.alertPercents,
  });
  return { budget, problems };
}

/** `organisationId`: whose it is where the scope does not say. */
export function givenScope({ tag, ...scope }: Given["scope"], organisationId: string): BudgetScope {
  const named = { organisationId, ...withoutUndefined(scope), tagName: tag?.name ?? "", tagValue: tag?.value ?? "" };
  return BudgetScope.create(named);
}

function withoutUndefined<T extends object>(of: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as never;
}

export function differenceJson(wire: BudgetDifference): z.input<typeof schemas.verified>["differences"][number] {
  const unit = unitName(wire.unit);
  return {
    budgetId: wire.budgetId,
    windowId: wire.windowId.toString(),
    windowStartsAt: wire.windowStartsAt,
    what: (["posted", "held", "granted"] as const).find((what) => what === wire.what) ?? "record",
    attemptId: wire.attemptId === "" ? null : wire.attemptId,
    unit,
    found: formatAmount(unit, BigInt(wire.found || 0)),
    expected: formatAmount(unit, BigInt(wire.expected || 0)),
  };
}
