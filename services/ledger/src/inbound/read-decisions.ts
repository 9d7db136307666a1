// A message of DECISIONS to rows. Texts to filter by are cut to what a filter needs and never hold what Postgres cannot store; the
// record itself is kept as it came.
import { uuidV7TimeMs } from "@waybill/domain";
import { AnswerFindings, ATTEMPTS_MAX, DecisionRecord } from "@waybill/wire";
import {
  type DecisionRow,
  type FindingRow,
  filterText,
  PATH_SEPARATOR,
  sessionText,
  TIME_MS_MAX,
} from "../core/decision-row.ts";
import { splitBatch } from "../core/split-batch.ts";
import type { ReadAnswer, ReadDecision, ReadDecisions } from "../record-decisions.ts";

const PATH_NODES_MAX = 1_000;
/** As many as an entry keeps. */
const TAGS_MAX = 64;
/** More than a hundred filters have kinds. */
const FINDINGS_MAX = 1_000;

export const readDecisions: ReadDecisions = (data) => {
  const parts = splitBatch(data);
  if (!parts || parts.length === 0) {
    return { decisions: [], answers: [], broken: [{ data, reason: "not a batch of decisions" }] };
  }
  const decisions: ReadDecision[] = [];
  const answers: ReadAnswer[] = [];
  const broken: { data: Uint8Array; reason: string }[] = [];
  for (const { kind, framed, record } of parts) {
    const read = kind === "decision" ? readRecord(record) : readAnswer(record);
    if (typeof read === "string") broken.push({ data: framed, reason: read });
    else if (Array.isArray(read)) answers.push({ rows: read, framed });
    else decisions.push({ row: read, framed });
  }
  return { decisions, answers, broken };
};

/** The first day of the month inside a request id, as ISO text; undefined for what is no request id. */
export function requestMonthOf(requestId: string): string | undefined {
  const madeAtMs = uuidV7TimeMs(requestId);
  // The largest time a UUIDv7 can hold lies beyond the years that are written with four digits.
  if (madeAtMs === undefined || madeAtMs > TIME_MS_MAX) return undefined;
  return `${new Date(madeAtMs).toISOString().slice(0, 7)}-01`;
}

/** A text: why it can be no row. */
function readRecord(bytes: Uint8Array): DecisionRow | string {
  try {
    return toRow(DecisionRecord.decode(bytes), bytes);
  } catch {
    return "not a decision record";
  }
}

/** A text: why it can be no rows. */
function readAnswer(bytes: Uint8Array): FindingRow[] | string {
  let answer: AnswerFindings;
  try {
    answer = AnswerFindings.decode(bytes);
  } catch {
    return "not what was found in an answer";
  }
  const { requestId, attempt, organisationId, findings } = answer;
  const requestMonth = requestMonthOf(requestId);
  const foundAtMs = Number(answer.foundAtMs);
  if (requestMonth === undefined) return "the request id is not one";
  if (attempt > ATTEMPTS_MAX) return "impossible attempt number";
  if (foundAtMs < 0 || foundAtMs > TIME_MS_MAX) return "impossible time";
  return findings.slice(0, FINDINGS_MAX).map(({ filter, kind, action, count }) => ({
    ...{ requestId, attempt, requestMonth, foundAtMs, organisationId: filterText(organisationId) },
    ...{ filter: filterText(filter), kind: filterText(kind), action: filterText(action), findings: count },
  }));
}

function tagsOf(tags: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(tags).slice(0, TAGS_MAX);
  return Object.fromEntries(kept.map(([name, value]) => [filterText(name), filterText(value)]));
}

function toRow(record: DecisionRecord, bytes: Uint8Array): DecisionRow | string {
  const { requestId, attempt, attribution, inputs, explanation } = record;
  const requestMonth = requestMonthOf(requestId);
  const decidedAtMs = Number(record.decidedAtMs);
  if (requestMonth === undefined) return "the request id is not one";
  if (attempt > ATTEMPTS_MAX) return "impossible attempt number";
  if (decidedAtMs < 0 || decidedAtMs > TIME_MS_MAX) return "impossible time";
  if (!attribution || !inputs || !explanation) return "attribution, inputs or explanation is missing";
  return {
    requestId,
    attempt,
    requestMonth,
    decidedAtMs,
    organisationId: filterText(attribution.organisationId),
    teamId: filterText(attribution.teamId),
    userId: filterText(attribution.userId),
    keyId: filterText(attribution.keyId),
    endUserId: filterText(attribution.endUserId),
    requestedModel: filterText(inputs.features?.requestedModel ?? ""),
    route: filterText(explanation.route),
    routeVersion: explanation.routeVersion,
    path: explanation.path.slice(0, PATH_NODES_MAX).map(filterText).join(PATH_SEPARATOR),
    reason: filterText(explanation.reason),
    provider: filterText(explanation.target?.provider ?? ""),
    model: filterText(explanation.target?.model ?? ""),
    refusalCode: filterText(explanation.refusalCode),
    session: sessionText(filterText(inputs.features?.routing?.sessionId ?? "")),
    tags: tagsOf(attribution.tags),
    tookUs: record.tookUs,
    record: bytes,
  };
}
