// The seed's budget_limit: an amount of USD in a period, for the whole route; and which of our limits it can say.
import type { LimitNode, LimitWindow } from "../../document/route-document.ts";
import { decimalText } from "../../json-fields.ts";
import { isAmount } from "../elements/read-element.ts";
import type { SeedNodeReader } from "./seed-node-reader.ts";

const HOUR_SECONDS = 3_600;

const WINDOWS: ReadonlyMap<string, LimitWindow> = new Map<string, LimitWindow>([
  ["hourly", { kind: "fixed", seconds: HOUR_SECONDS }],
  ["daily", { kind: "calendar", period: "day" }],
  ["weekly", { kind: "calendar", period: "week" }],
  ["monthly", { kind: "calendar", period: "month" }],
  ["quarterly", { kind: "calendar", period: "quarter" }],
  ["yearly", { kind: "calendar", period: "year" }],
]);

export function readSeedBudget(id: string, node: SeedNodeReader): LimitNode {
  return {
    id,
    kind: "limit",
    metric: "cost",
    amount: readAmount(node),
    window: readPeriod(node),
    key: "route",
    within: node.edge("next"),
    exceeded: node.edge("fallback"),
  };
}

function readAmount(node: SeedNodeReader): string {
  const amount = node.field("amount");
  const text = typeof amount === "number" ? decimalText(amount) : undefined;
  if (text !== undefined && isAmount(text, "cost")) return text;
  node.problem("amount", "must be an amount of USD, with at most twelve decimals");
  return "0";
}

function readPeriod(node: SeedNodeReader): LimitWindow {
  const period = node.field("period");
  const window = typeof period === "string" ? WINDOWS.get(period) : undefined;
  if (window) return window;
  node.problem("period", `must be one of ${[...WINDOWS.keys()].join(", ")}`);
  return { kind: "total" };
}

const DAY_SECONDS = 86_400;
/** Longest first. */
const LENGTHS: readonly (readonly [seconds: number, period: string])[] = [
  [366 * DAY_SECONDS, "yearly"],
  [92 * DAY_SECONDS, "quarterly"],
  [31 * DAY_SECONDS, "monthly"],
  [7 * DAY_SECONDS, "weekly"],
  [DAY_SECONDS, "daily"],
  [HOUR_SECONDS, "hourly"],
];

/** The period of a window, or the next longer one: with the same amount it never lets more through. */
export function seedPeriod(window: LimitWindow): { period: string; isExact: boolean } {
  if (window.kind === "total") return { period: "yearly", isExact: false };
  if (window.kind === "calendar") {
    const found = [...WINDOWS].find(([, known]) => known.kind === "calendar" && known.period === window.period);
    return { period: found?.[0] ?? "yearly", isExact: true };
  }
  const { seconds } = window;
  const longer = LENGTHS.filter(([length]) => length >= seconds).at(-1);
  // Days in UTC and days since 1970 are the same days.
  return { period: longer?.[1] ?? "yearly", isExact: seconds === HOUR_SECONDS || seconds === DAY_SECONDS };
}
