// A decision in words: the way, what was chosen, and why the others were not.
import type { Decision, Explanation, Replayed } from "../api/shapes.ts";
import { plainText } from "./plain-text.ts";
import { formatTable } from "./table.ts";

type Line = readonly [name: string, text: string];

const NAME_WIDTH = 11;
const CANDIDATE_HEADINGS = ["candidate", "node", "quality", "expected USD", "in band", "rejected because"];

export function formatExplanation(explanation: Explanation): string {
  return `${formatLines(linesOf(explanation))}\n\n${formatCandidates(explanation)}`;
}

/** `replayed`: of the same decision; undefined: it was not asked for. */
export function formatDecision(decision: Decision, replayed?: Replayed): string {
  const { requestId, attempt, decidedAt, tookUs, caller, features, explanation, cost } = decision;
  const lines: Line[] = [
    ["request", `${requestId}, attempt ${attempt}`],
    ["when", `${decidedAt}, decided in ${tookUs} µs`],
    ["who", whoOf(caller)],
    ["asked for", features.model],
    ...linesOf(explanation),
    ["cost", costOf(cost)],
    ...(cost?.account ? [["account", cost.account] as const] : []),
    ...(replayed ? replayLines(replayed) : []),
  ];
  return `${formatLines(lines)}\n\n${formatCandidates(explanation)}`;
}

/** What a request cost, in a few words; an unknown cost is never shown as zero. */
export function costOf(cost: Decision["cost"]): string {
  if (cost === null) return "nothing on the books yet";
  const amount = cost.costUsd === null ? "unknown" : `$${cost.costUsd}`;
  return `${amount}, ${cost.outcome}${cost.errorCode === null ? "" : ` (${cost.errorCode})`}`;
}

function formatLines(lines: readonly Line[]): string {
  return lines.map(([name, text]) => `${name.padEnd(NAME_WIDTH)}${plainText(text)}`.trimEnd()).join("\n");
}

function linesOf(explanation: Explanation): Line[] {
  const { model, refusal, simulated, path, reason, mode, sessionAffinity } = explanation;
  const lines: Line[] = [
    ["route", routeOf(explanation)],
    ["path", path.length === 0 ? "-" : path.join(" → ")],
    ["reason", reason === "" ? "-" : reason],
  ];
  if (mode !== null) lines.push(["mode", mode]);
  if (sessionAffinity) lines.push(["session", `${sessionAffinity.strategy}: ${sessionAffinity.decision}`]);
  if (model !== null) lines.push(["model", `${model}${simulated ? " (simulated)" : ""}`]);
  if (refusal) lines.push(["refused", `${refusal.code}: ${refusal.message}`]);
  if (model !== null) lines.push(["held", heldOf(explanation)]);
  return lines;
}

function replayLines({ same, differences }: Replayed): Line[] {
  const said = same ? "the same explanation, byte for byte" : "ANOTHER explanation";
  return [["replay", said], ...differences.map((difference): Line => ["", difference])];
}

function formatCandidates({ candidates }: Explanation): string {
  return formatTable(CANDIDATE_HEADINGS, candidates.map(candidateRow));
}

function candidateRow(candidate: Explanation["candidates"][number]): string[] {
  const { model, node, quality, expectedCostUsd, inBand, rejectedBecause } = candidate;
  return [
    model,
    node === "" ? "-" : node,
    quality === null ? "-" : quality.toFixed(3),
    expectedCostUsd ?? "-",
    quality === null ? "-" : inBand ? "yes" : "no",
    rejectedBecause ?? "",
  ];
}

function routeOf({ route, routeVersion }: Explanation): string {
  if (route === null) return "(none: a model by its name)";
  return routeVersion === null ? route : `${route}@${routeVersion}`;
}

function heldOf({ heldUsd, maxOutputTokens, clamped }: Explanation): string {
  if (heldUsd === "0" && maxOutputTokens === 0) return "nothing";
  const tokens = maxOutputTokens === 0 ? "" : `, at most ${maxOutputTokens} output tokens`;
  return `$${heldUsd}${tokens}${clamped ? " (less than asked for: the money left)" : ""}`;
}

function whoOf({ organisationId, teamName, teamId, userName, userId }: Decision["caller"]): string {
  return [organisationId, teamName || teamId, userName || userId].filter((name) => name !== "").join(" / ") || "-";
}
