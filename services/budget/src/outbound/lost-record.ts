// The record that closes the books on something whose own record never came, built from what was journaled.
import { maxPicoUsd, parseAttemptId, recordId } from "@waybill/domain";
import {
  AttemptOutcome,
  Attribution,
  BudgetUnit,
  HoldLine,
  type JournaledAttempt,
  Price,
  RecordSource,
  Target,
  TokenSource,
  UsageRecord,
} from "@waybill/wire";

/** What is held under an attempt by one holder. */
export interface LostHold {
  holder: string;
  lines: readonly LostLine[];
  /** What was held later, while its stream got longer. */
  extensions: readonly LostLine[];
}

export interface LostLine {
  budgetId: string;
  windowId: bigint;
  grantId: string;
  amountPicoUsd: bigint;
  unit: BudgetUnit;
  hard: boolean;
}

/**
 * `unknown` costs the whole hold, because the call may have been made; `failed_free` costs nothing. `journaled` may be
 * missing when the hold was placed without it: then only the organisation is known.
 */
export function lostAttemptRecord(
  attemptId: string,
  outcome: "failed_free" | "unknown",
  hold: LostHold,
  journaled: JournaledAttempt | undefined,
  organisationId: string,
  nowMs: number,
): UsageRecord {
  const parsed = parseAttemptId(attemptId);
  if (!parsed) throw new Error(`${attemptId} is no attempt id`);
  const isUnknown = outcome === "unknown";
  return UsageRecord.create({
    recordId: recordId(attemptId, "lost"),
    attemptId,
    requestId: parsed.requestId,
    attempt: parsed.attempt,
    source: RecordSource.LOST,
    outcome: isUnknown ? AttemptOutcome.UNKNOWN : AttemptOutcome.FAILED_FREE,
    attribution: journaled?.attribution ?? Attribution.create({ organisationId }),
    route: journaled?.route ?? "",
    routeVersion: journaled?.routeVersion ?? 0,
    target: journaled?.target ?? NO_TARGET,
    tokenSource: isUnknown ? TokenSource.WORST_CASE : TokenSource.NONE,
    price: journaled?.price ?? NO_PRICE,
    costPicoUsd: isUnknown ? wholeHold(hold) : 0n,
    costKnown: true,
    holds: hold.lines.map((line) => HoldLine.create(line)),
    holder: hold.holder,
    recordedAtMs: BigInt(Math.floor(nowMs)),
    errorCode: isUnknown ? "worker_lost" : "not_sent",
  });
}

/** On the budget that holds most. Only of money: a limit's counter holds requests or tokens. */
function wholeHold({ lines, extensions }: LostHold): bigint {
  const held = new Map<string, bigint>();
  for (const { unit, budgetId, amountPicoUsd } of [...lines, ...extensions]) {
    if (unit === BudgetUnit.UNSPECIFIED) held.set(budgetId, (held.get(budgetId) ?? 0n) + amountPicoUsd);
  }
  return [...held.values()].reduce(maxPicoUsd, 0n);
}

/** Names that no provider has; they show in reports that something was booked that nobody saw. */
const NO_TARGET = Target.create({ provider: "waybill", model: "lost" });
const NO_PRICE = Price.create({ version: "lost" });

/**
 * The rest of a grant whose holder is gone and whose waybills may have been lost with WORK, as if it had been one attempt
 * under the grant's id.
 */
export function lostGrantRecord(
  grant: { grantId: string; holder: string; budgetId: string; windowId: bigint; restPicoUsd: bigint } & Pick<
    LostLine,
    "unit" | "hard"
  >,
  organisationId: string,
  nowMs: number,
): UsageRecord {
  const { grantId, holder, budgetId, windowId, restPicoUsd, unit, hard } = grant;
  const line = { budgetId, windowId, grantId, amountPicoUsd: restPicoUsd, unit, hard };
  const hold = { holder, lines: [line], extensions: [] };
  return lostAttemptRecord(`${grantId}.1`, "unknown", hold, undefined, organisationId, nowMs);
}
