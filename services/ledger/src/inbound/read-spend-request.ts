// A question about spend as it comes: checked, and its defaults filled in.
import { WaybillError } from "@waybill/domain";
import type { GetSpendRequest } from "@waybill/wire";
import { filterText, TIME_MS_MAX } from "../core/decision-row.ts";
import {
  HOURS_KEPT_MS,
  HOURS_MS_MAX,
  SPEND_FIELDS,
  type SpendField,
  type SpendQuestion,
  TIME_FIELDS,
  wholeTime,
} from "../core/spend-question.ts";

const DAY_MS = 86_400_000;
const BY_MAX = 4;
const LIMIT_MAX = 1_000;
const LIMIT = 100;

/** Throws invalid_value with the field at fault. */
export function readSpendRequest(request: GetSpendRequest, nowMs: number): SpendQuestion {
  const by = request.by.map((name) => field("by", name));
  if (by.length > BY_MAX) throw invalid("by", `At most ${BY_MAX} fields.`);
  if (new Set(by).size < by.length) throw invalid("by", "A field stands there twice.");
  const until = Math.min(Number(request.untilMs) || nowMs, TIME_MS_MAX);
  const from = Number(request.fromMs) || until - DAY_MS;
  if (from >= until) throw invalid("from", "It must be before until.");
  const { fromMs, untilMs } = wholeTime(from, until, nowMs);
  if (by.includes("hour") && (from < nowMs - HOURS_KEPT_MS || until - from > HOURS_MS_MAX)) {
    throw invalid("by", `Hours are for ${HOURS_MS_MAX / DAY_MS} days at most, of the last 13 months; ask by day.`);
  }
  const where = new Map(Object.entries(request.where).map(([name, value]) => [whereField(name), filterText(value)]));
  const limit = Math.min(request.limit || LIMIT, LIMIT_MAX);
  return {
    ...{ organisationId: filterText(request.organisationId), by, fromMs, untilMs, where, limit },
    isSimulated: request.simulated,
  };
}

function whereField(name: string): SpendField {
  const found = field("where", name);
  if (TIME_FIELDS.includes(found)) throw invalid("where", "Times are given with from and until.");
  return found;
}

function field(param: string, name: string): SpendField {
  const found = SPEND_FIELDS.find((known) => known === name);
  if (!found) throw invalid(param, `${JSON.stringify(name.slice(0, 32))} is none of ${SPEND_FIELDS.join(", ")}.`);
  return found;
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}
