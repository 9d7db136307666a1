// Reading a limit node: how much of what, in which window, counted by what.
import { isObject } from "../json-fields.ts";
import type { NodeReader } from "./read-fields.ts";
import { type CalendarPeriod, isKey, type LimitNode, type LimitWindow } from "./route-document.ts";

const METRICS = ["cost", "count", "tokens"] as const;
const PERIODS: readonly CalendarPeriod[] = ["day", "week", "month", "quarter", "year"];
const WINDOW_SECONDS_MAX = 315_360_000;
/** USD to the pico-USD. */
const USD = /^(?:0|[1-9]\d{0,11})(?:\.\d{1,12})?$/;
/** Of a count or of tokens. */
const COUNT = /^(?:0|[1-9]\d{0,14})$/;

export function readLimit(id: string, item: NodeReader): LimitNode {
  const metric = item.oneOf("metric", METRICS, undefined);
  return {
    id,
    kind: "limit",
    metric,
    amount: readAmount(item, metric),
    window: readWindow(item),
    key: readKey(item),
    within: item.edge("within"),
    exceeded: item.edge("exceeded"),
  };
}

function readAmount(item: NodeReader, metric: LimitNode["metric"]): string {
  const amount = item.value("amount");
  const isRight = typeof amount === "string" && (metric === "cost" ? USD : COUNT).test(amount);
  if (isRight) return amount;
  item.report(
    "amount",
    metric === "cost" ? 'must be USD as text, like "1000" or "0.25"' : 'must be a whole number as text, like "100"',
  );
  return "0";
}

function readWindow(item: NodeReader): LimitWindow {
  const window = item.value("window");
  const expected =
    'must be {"kind": "fixed", "seconds": 3600}, {"kind": "calendar", "period": "month"} or {"kind": "total"}';
  if (isObject(window)) {
    const { kind, seconds, period, ...others } = window;
    const isPlain = Object.keys(others).length === 0;
    if (kind === "total" && isPlain && seconds === undefined && period === undefined) return { kind };
    if (kind === "fixed" && isPlain && period === undefined && isWindowLength(seconds)) return { kind, seconds };
    const known = PERIODS.find((name) => name === period);
    if (kind === "calendar" && isPlain && seconds === undefined && known) return { kind, period: known };
  }
  item.report("window", expected);
  return { kind: "total" };
}

function isWindowLength(seconds: unknown): seconds is number {
  return Number.isInteger(seconds) && (seconds as number) >= 1 && (seconds as number) <= WINDOW_SECONDS_MAX;
}

function readKey(item: NodeReader): string {
  const key = item.value("key");
  if (key === undefined || key === "route") return "route";
  if (typeof key === "string" && isKey(key)) return key;
  item.report("key", "must be route, session, metadata.<name>, headers.<name>, caller.<id> or caller.tags.<name>");
  return "route";
}
