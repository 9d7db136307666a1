// A question about spend as it comes: checked, and its defaults filled in.
import { WaybillError } from "@waybill/domain";
import type { GetSpendRequest } from "@waybill/wire";
import { filterText } from "../core/decision-row.ts";
import {
  HOURS_MS_MAX,
  SPEND_FIELDS,
  type SpendField,
  type SpendQuestion,
  TIME_FIELDS,
} from "../core/spend-question.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BY_MAX = 4;
const LIMIT_MAX = 1_000;
const LIMIT = 100;

/** Throws invalid_value with the field at fault. */
export function readSpendRequest(request: GetSpendRequest, nowMs: number): SpendQuestion {
  const by = request.by.map((name) => field("by", name));
  if (by.length > BY_MAX) throw invalid("by", `At most ${BY_MAX} fields.`);
  if (new Set(by).size < by.length) throw invalid("by", "A field stands there twice.");
  const untilMs = Math.ceil((Number(request.untilMs) || nowMs) / HOUR_MS) * HOUR_MS;
  const fromMs = Math.floor((Number(request.fromMs) || untilMs - DAY_MS) / HOUR_MS) * HOUR_MS;
  if (fromMs >= untilMs) throw invalid("from", "It must be before until.");
  const days = by.includes("hour") ? HOURS_MS_MAX / DAY_MS : undefined;
  if (days !== undefined && untilMs - fromMs > HOURS_MS_MAX) throw invalid("by", `By hour, at most ${days} days.`);
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
