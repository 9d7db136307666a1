// The log of requests for people: a request in a line, and one in full.
import type { AttemptDetail, DecisionDetail, FoundRequests, RequestDetail, RequestRow, Who } from "../api/requests.ts";
import { plainText } from "./plain-text.ts";
import { formatTable } from "./table.ts";

const HEADINGS = [
  ...["when", "request", "team", "user", "asked for", "answered", "outcome", "attempts"],
  ...["input", "output", "USD", "first ms", "ms"],
];

export function requestTable({ requests, nextCursor, searchedUntil }: FoundRequests): string {
  const rest = nextCursor === null ? "" : "\nThere may be more: --limit shows more of them.";
  return `${formatTable(HEADINGS, requests.map(lineOf))}\nlooked back to ${searchedUntil}${rest}`;
}

function lineOf(row: RequestRow): string[] {
  return [
    ...[row.at, row.requestId, nameOf(row.team), nameOf(row.user), row.requestedModel ?? "-"],
    ...[row.model ?? "-", endOf(row), row.cached ? "cache" : String(row.attempts)],
    ...[String(row.inputTokens), String(row.outputTokens), amountOf(row)],
    ...[row.firstTokenMs === null ? "-" : String(row.firstTokenMs), String(row.durationMs)],
  ];
}

export function requestText({ requestId, request, decisions, otherAttempts }: RequestDetail): string {
  const attempts = [
    ...decisions.map((decision) => ({ attempt: decision.attempt, lines: decisionLines(decision) })),
    ...otherAttempts.map((cost) => ({ attempt: attemptOf(cost), lines: attemptLines(cost) })),
  ];
  attempts.sort((a, b) => a.attempt - b.attempt);
  const head: Line[] = [["request", requestId], ...(request ? headLines(request) : [])];
  return [formatLines(head), ...attempts.map(({ lines }) => formatLines(lines))].join("\n\n");
}

type Line = readonly [name: string, text: string];
const NAME_WIDTH = 11;

function formatLines(lines: readonly Line[]): string {
  return lines.map(([name, text]) => `${name.padEnd(NAME_WIDTH)}${plainText(text)}`.trimEnd()).join("\n");
}

function headLines(row: RequestRow): Line[] {
  const { organisation, team, user, key, endUser, session, tags, route, routeVersion } = row;
  const lines: Line[] = [
    ["when", row.at],
    ["who", [organisation, team, user].map(nameOf).join(" / ")],
    ["key", key === null ? "-" : `${nameOf(key)} (${key.id})`],
  ];
  if (endUser !== null) lines.push(["end user", endUser]);
  if (session !== null) lines.push(["session", session]);
  const pairs = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  if (pairs.length > 0) lines.push(["tags", pairs.join(", ")]);
  lines.push(["asked for", `${row.requestedModel ?? "-"}${row.stream ? ", streamed" : ""}`]);
  if (route !== null) lines.push(["route", `${route}@${routeVersion}`]);
  lines.push(["outcome", outcomeOf(row)]);
  if (row.refusalCode !== null) lines.push(["refused", row.refusalCode]);
  lines.push(["tokens", tokensOf(row)], ["cost", costOf(row)], ["time", timeOf(row)]);
  return lines;
}

function decisionLines(decision: DecisionDetail): Line[] {
  const { attempt, explanation, cost, inputs } = decision;
  const { refusal, model, path, candidates } = explanation;
  const lines = cost
    ? attemptLines(cost)
    : [attemptLine(attempt, model ?? "nobody was asked", refusal ? "refused" : "pending")];
  if (refusal) lines.push(["refused", `${refusal.code}: ${refusal.message}`]);
  if (inputs && inputs.failedAttempt > 0) {
    lines.push(["because", `attempt ${inputs.failedAttempt} failed with ${inputs.failureCode}`]);
  }
  lines.push(["why", explanation.reason === "" ? "-" : explanation.reason]);
  if (path.length > 0) lines.push(["path", path.join(" → ")]);
  for (const { model: other, rejectedBecause } of candidates) {
    if (rejectedBecause !== null) lines.push(["not", `${other}: ${rejectedBecause}`]);
  }
  return lines;
}

function attemptLines(cost: AttemptDetail): Line[] {
  const { account, model, providerStatus } = cost;
  const at = account === null ? "" : ` at account ${account}`;
  const status = providerStatus === null ? "" : `, HTTP ${providerStatus}`;
  return [
    attemptLine(attemptOf(cost), `${model}${at}`, `${endOf(cost)}${finishOf(cost)}${status}`),
    ["tokens", `${tokensOf(cost)} (${cost.tokenSource})`],
    ["cost", `${cost.costUsd === null ? "unknown" : `$${cost.costUsd}`}${cost.suspect ? ", doubtful" : ""}`],
    ["time", timeOf(cost)],
    ["told by", cost.source],
  ];
}

function attemptLine(attempt: number, where: string, end: string): Line {
  return [
    "attempt",
    attempt === 0 ? `from the cache, first answered by ${where}: ${end}` : `${attempt} at ${where}: ${end}`,
  ];
}

const attemptOf = ({ attemptId }: AttemptDetail): number => Number(attemptId.slice(attemptId.lastIndexOf(".") + 1));
const nameOf = (who: Who | null): string => who?.name ?? who?.id ?? "-";

function endOf({ outcome, errorCode }: { outcome: string; errorCode: string | null }): string {
  return errorCode === null ? outcome : `${outcome} (${errorCode})`;
}

function finishOf({ finishReason }: { finishReason: string | null }): string {
  return finishReason === null ? "" : `, ${finishReason}`;
}

function outcomeOf(row: RequestRow): string {
  const by = row.model === null ? "" : `${row.model}${row.simulated ? " (simulated)" : ""}: `;
  const attempts = row.cached ? "from the cache" : row.attempts === 1 ? "1 attempt" : `${row.attempts} attempts`;
  return `${by}${endOf(row)}${finishOf(row)}, ${attempts}`;
}

/** A cost that nobody knows is never shown as zero. */
function amountOf({ costUsd, outcome, unpricedAttempts }: RequestRow): string {
  if (costUsd === null) return outcome === "pending" ? "-" : "unknown";
  return unpricedAttempts > 0 ? `${costUsd}+?` : costUsd;
}

function costOf(row: RequestRow): string {
  const parts = [row.costUsd === null ? amountOf(row) : `$${row.costUsd}`];
  if (row.estimatedCostUsd !== "0") parts.push(`$${row.estimatedCostUsd} of it estimated`);
  if (row.unpricedAttempts > 0) parts.push(`${row.unpricedAttempts} without a known price`);
  if (row.suspect) parts.push("doubtful");
  return parts.join(", ");
}

function tokensOf(one: {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningOutputTokens: number;
}): string {
  const cached = one.cachedInputTokens > 0 ? ` (${one.cachedInputTokens} cached)` : "";
  const reasoning = one.reasoningOutputTokens > 0 ? ` (${one.reasoningOutputTokens} reasoning)` : "";
  return `${one.inputTokens} input${cached}, ${one.outputTokens} output${reasoning}`;
}

function timeOf({ firstTokenMs, durationMs }: { firstTokenMs: number | null; durationMs: number }): string {
  return `${firstTokenMs === null ? "" : `first token ${firstTokenMs} ms, `}${durationMs} ms in all`;
}
