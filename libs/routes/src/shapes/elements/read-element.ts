// Each kind of element as a node. Models may still lead anywhere here: lead-models-to-an-end.ts comes after.
import {
  DEFAULT_FALLBACK_ON,
  isKey,
  type LimitNode,
  type ModelNode,
  RETRIES_MAX,
  type RouteNode,
  SHARES_MAX,
  type SplitNode,
  type SplitShare,
  TIMEOUT_MS_MAX,
} from "../../document/route-document.ts";
import { decimalText, isObject } from "../../json-fields.ts";
import { readJsonc } from "../read-jsonc.ts";
import { CLOUDFLARE_KINDS } from "../route-shape.ts";
import type { ElementReader } from "./element-reader.ts";

const MODEL_NAME_CHARACTERS_MAX = 256;
const WINDOW_SECONDS_MAX = 315_360_000;
const KEY_FORMS =
  "route, session, metadata.<name>, headers.<name>, caller.organisation_id, caller.team_id, caller.user_id, caller.key_id, caller.end_user_id or caller.tags.<name>";

/** undefined after a problem with the type. A limit without a fallback has an empty `exceeded`. */
export function readElement(id: string, type: unknown, element: ElementReader): RouteNode | undefined {
  switch (type) {
    case "start":
      return { id, kind: "start", next: element.output("next") };
    case "conditional":
      return {
        id,
        kind: "if",
        condition: readCondition(element),
        whenTrue: element.output("true"),
        whenFalse: element.output("false"),
      };
    case "percentage":
      return readPercentage(id, element);
    case "rate":
      return readRate(id, element);
    case "rate_limit":
      if (element.dialect.isAsDocumented) return readRate(id, element);
      break;
    case "model":
      return readModel(id, element);
    case "end":
      return { id, kind: "end" };
  }
  const kinds = CLOUDFLARE_KINDS.map((kind) => (kind === "rate" ? element.dialect.limitKind : kind));
  element.problem("type", `must be one of ${kinds.join(", ")}`);
  return undefined;
}

/** Nothing to compare with is never true, and stays so on the way back. */
export const NEVER = "false";

function readCondition(element: ElementReader): string | Record<string, unknown> {
  const { dialect } = element;
  const documented = dialect.isAsDocumented ? element.property("condition") : undefined;
  const name = documented === undefined ? "conditions" : "condition";
  const value = documented ?? element.property("conditions");
  if (value === undefined) {
    element.warn(`properties.${dialect.condition}`, "is not there, so the element always leads to false");
    return NEVER;
  }
  const parsed = dialect.hasConditionsAsText && typeof value === "string" ? parse(value) : value;
  if (isObject(parsed)) return { ...parsed };
  const form = dialect.hasConditionsAsText ? "the JSON text of an object" : "an object";
  element.problem(`properties.${name}`, `must be ${form} like {"metadata.plan": {"$eq": "paid"}}`);
  return NEVER;
}

function parse(text: string): unknown {
  const read = readJsonc(text);
  return "json" in read ? read.json : undefined;
}

const PERCENT = /^(\d{1,3}(?:\.\d{1,2})?)%$/;

function readPercentage(id: string, element: ElementReader): SplitNode {
  const { dialect } = element;
  const names = element.outputNames();
  if (names.length === 0 || names.length > SHARES_MAX) {
    element.problem("outputs", `must be 1 to ${SHARES_MAX} percentages like {"10%": {"${dialect.edge}": "end"}}`);
  }
  const shares: SplitShare[] = [];
  let rest: SplitShare | undefined;
  let hundredths = 0;
  let areNamed = names.length > 0;
  for (const name of names.slice(0, SHARES_MAX)) {
    const next = element.output(name);
    const percent = PERCENT.exec(name)?.[1];
    if (percent !== undefined) {
      hundredths += Math.round(Number(percent) * 100);
      shares.push({ percent: Number(percent), next });
    } else if (name === "else" && dialect.isAsDocumented) {
      rest = { percent: 0, next };
      shares.push(rest);
    } else {
      areNamed = false;
      element.problem(
        `outputs.${name}`,
        `must be a percentage like 10% with at most two decimals${ELSE[dialect.shape]}`,
      );
    }
  }
  const isWhole = rest ? hundredths <= 10_000 : hundredths === 10_000;
  if (areNamed && !isWhole) element.problem("outputs", `must sum to 100 percent, not ${hundredths / 100}`);
  if (rest) rest.percent = Math.max(0, 10_000 - hundredths) / 100;
  return { id, kind: "split", shares, by: "random" };
}

const ELSE = { cloudflare: "", terraform: "", cloudflare_docs: ", or else for the rest" };

function readRate(id: string, element: ElementReader): LimitNode {
  const metric = readMetric(element);
  const limit: LimitNode = {
    id,
    kind: "limit",
    metric,
    amount: readAmount(element, metric),
    window: { kind: "fixed", seconds: readWindow(element) },
    key: readKey(element),
    within: element.output("success"),
    exceeded: element.optionalOutput("fallback") ?? "",
  };
  if (element.dialect.isAsDocumented) readTechnique(element);
  return limit;
}

function readMetric(element: ElementReader): "count" | "cost" {
  const name = element.dialect.limitType;
  const metric = element.property(name);
  if (metric !== "count" && metric !== "cost") element.problem(`properties.${name}`, "must be count or cost");
  return metric === "cost" ? "cost" : "count";
}

function readAmount(element: ElementReader, metric: "count" | "cost"): string {
  const limit = element.property("limit");
  const amount = typeof limit === "number" ? decimalText(limit) : undefined;
  if (amount !== undefined && isAmount(amount, metric)) return amount;
  const expected = metric === "cost" ? "an amount of USD, with at most twelve decimals" : "a whole number";
  element.problem("properties.limit", `must be ${expected}`);
  return "0";
}

export function isAmount(text: string, metric: "count" | "cost"): boolean {
  return (metric === "cost" ? /^\d{1,12}(?:\.\d{1,12})?$/ : /^\d{1,15}$/).test(text);
}

function readWindow(element: ElementReader): number {
  const { dialect } = element;
  const name = dialect.isAsDocumented && element.property("interval") !== undefined ? "interval" : "window";
  if (element.property(name) === undefined) element.problem(`properties.${dialect.window}`, "is required, in seconds");
  return element.integer(name, 1, WINDOW_SECONDS_MAX) ?? 1;
}

function readKey(element: ElementReader): string {
  const key = element.property("key");
  const lower = typeof key === "string" && key.startsWith("headers.") ? key.toLowerCase() : key;
  if (lower !== key) element.warn("properties.key", "is in lower case here; names of headers have no case");
  if (typeof lower === "string" && (lower === "route" || isKey(lower))) return lower;
  element.problem("properties.key", `must be ${KEY_FORMS}`);
  return "route";
}

function readTechnique(element: ElementReader): void {
  const technique = element.property("technique");
  if (technique === undefined || technique === "fixed") return;
  element.warn("properties.technique", "is fixed here: the window starts anew at full multiples of its length");
}

function readModel(id: string, element: ElementReader): ModelNode {
  const provider = element.text(element.dialect.provider);
  if (provider.includes("/")) element.problem(`properties.${element.dialect.provider}`, "must not hold a slash");
  const model = element.text("model");
  const name = `${provider}/${model}`;
  if (name.length > MODEL_NAME_CHARACTERS_MAX) {
    element.problem("properties.model", `is longer than ${MODEL_NAME_CHARACTERS_MAX} characters with its provider`);
  }
  const firstTokenMs = element.integer("timeout", 1, TIMEOUT_MS_MAX);
  return {
    id,
    kind: "model",
    model: name,
    retries: readRetries(element),
    retryDelayMs: 0,
    backoff: "exponential",
    // Cloudflare's timeout ends with the first byte.
    timeouts: firstTokenMs === undefined ? {} : { firstTokenMs },
    fallbackOn: DEFAULT_FALLBACK_ON,
    next: element.output("success"),
    fallback: element.optionalOutput("fallback"),
  };
}

function readRetries(element: ElementReader): number {
  const retries = element.property("retries");
  if (typeof retries !== "number" || !Number.isInteger(retries) || retries <= RETRIES_MAX) {
    return element.integer("retries", 0, RETRIES_MAX) ?? 0;
  }
  element.warn("properties.retries", `is ${RETRIES_MAX} here, the most there is`);
  return RETRIES_MAX;
}
