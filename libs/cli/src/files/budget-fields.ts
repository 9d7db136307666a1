// What a budget says, whole: what is left out filled in, so that two can be compared, and what is default left out, so that a file is
// short.
import type { BudgetFields } from "../api/budgets.ts";

const WINDOW_DEFAULTS = {
  seconds: null,
  timeZone: "UTC",
  anchorWeekday: 1,
  anchorDay: 1,
  anchorMonth: 1,
  anchorAt: null,
} as const;

const DEFAULTS = {
  unit: "usd",
  enforcement: "hard",
  maxSharePercent: 50,
  carryOver: false,
  per: null,
  onExhausted: "refuse",
  whenAway: "deny",
  awayAllowance: null,
  alertPercents: [],
} as const;

type Flat = Record<string, unknown>;

/** Every field by its path, like scope.teamId, with defaults filled in. */
export function flatFields(fields: BudgetFields): Flat {
  const { scope = {}, window, ...rest } = fields;
  const { tag, ...names } = scope;
  const whole = { ...DEFAULTS, ...withoutUndefined(rest) };
  return {
    ...whole,
    limit: plainAmount(whole.limit),
    awayAllowance: whole.awayAllowance === null ? null : plainAmount(whole.awayAllowance),
    ...prefixed("scope", withoutUndefined(names)),
    ...(tag && { "scope.tag": `${tag.name}=${tag.value}` }),
    ...prefixed("window", {
      ...WINDOW_DEFAULTS,
      ...withoutUndefined(window),
      anchorAt: window.anchorAt ? new Date(window.anchorAt).toISOString() : null,
    }),
  };
}

/** Paths at which two differ, with both values as text; in alphabetical order. */
export function differingFields(
  before: BudgetFields,
  after: BudgetFields,
): { field: string; before: string; after: string }[] {
  const [a, b] = [flatFields(before), flatFields(after)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .sort()
    .map((field) => ({ field, before: textOf(a[field]), after: textOf(b[field]) }))
    .filter((pair) => pair.before !== pair.after);
}

/** Without what is default, in the order of a file. */
export function shortFields({ name, scope, unit, limit, window, ...rest }: BudgetFields): Flat {
  const { kind, ...rule } = window;
  const windowRule = notDefault(rule, WINDOW_DEFAULTS);
  return {
    name,
    ...(scope && Object.keys(scope).length > 0 && { scope }),
    limit: `${plainAmount(limit)}${unit ?? DEFAULTS.unit}`,
    window: Object.keys(windowRule).length === 0 ? kind : { kind, ...windowRule },
    ...notDefault(rest, DEFAULTS),
  };
}

function notDefault(fields: object, defaults: Flat): Flat {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== undefined && textOf(value) !== textOf(defaults[name])),
  );
}

/** 500.00 and 500 are the same amount. */
function plainAmount(text: string): string {
  const [whole = "", fraction = ""] = text.split(".");
  const digits = fraction.replace(/0+$/, "");
  return `${whole.replace(/^0+(?=\d)/, "")}${digits === "" ? "" : `.${digits}`}`;
}

function prefixed(prefix: string, fields: Flat): Flat {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${prefix}.${name}`, value]));
}

function withoutUndefined<T extends object>(of: T): T {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? "-" : typeof value === "string" ? value : JSON.stringify(value);
}
