// What a list of decisions is asked for, checked: every problem is told at once.
import { WaybillError } from "@waybill/domain";
import type { ListDecisionsRequest } from "@waybill/wire";
import { type DecisionCursor, decodeCursor } from "../core/decision-page.ts";
import { filterText, TIME_MS_MAX } from "../core/decision-row.ts";
import type { DecisionFilter } from "../outbound/decision-conditions.ts";

const LIMIT = 100;
const LIMIT_MAX = 1_000;

export interface ListRequest {
  filter: DecisionFilter;
  after: DecisionCursor | undefined;
  limit: number;
}

/** Throws invalid_value, with the first field at fault and a sentence for each. */
export function readListRequest(request: ListDecisionsRequest): ListRequest {
  const { fromMs, untilMs, cursor, limit, model } = request;
  const after = cursor === "" ? undefined : decodeCursor(cursor);
  const slash = model.indexOf("/");
  const problems: [field: string, sentence: string][] = [];
  if (model !== "" && slash < 1) problems.push(["model", "A model is named <provider>/<model>."]);
  if (!isTime(fromMs)) problems.push(["from_ms", "from_ms is no time."]);
  if (!isTime(untilMs)) problems.push(["until_ms", "until_ms is no time."]);
  if (cursor !== "" && !after) problems.push(["cursor", "The cursor is not one of an answer before."]);
  if (limit > LIMIT_MAX) problems.push(["limit", `At most ${LIMIT_MAX} decisions come in one answer.`]);
  const [first] = problems;
  if (first) {
    const publicMessage = problems.map(([, sentence]) => sentence).join(" ");
    throw new WaybillError("invalid_value", { param: first[0], publicMessage });
  }
  return {
    filter: {
      organisationId: filterText(request.organisationId),
      teamId: filterText(request.teamId),
      route: filterText(request.route),
      provider: filterText(model.slice(0, Math.max(0, slash))),
      model: filterText(model.slice(slash + 1)),
      refusalCode: filterText(request.refusalCode),
      fromMs: Number(fromMs),
      untilMs: Number(untilMs),
      firstOnly: request.firstOnly,
    },
    after,
    limit: limit === 0 ? LIMIT : limit,
  };
}

function isTime(timeMs: bigint): boolean {
  return timeMs >= 0n && timeMs <= TIME_MS_MAX;
}
