// THE STORY: the books beside what the budget service settled, record by record, without either of them asking the other.
import { firstUuidOf } from "@waybill/domain";
import { BooksProblem, CompareSettledRequest, ListSettledRequest, type OverdueHold } from "@waybill/wire";
import type { Owners } from "./ports.ts";

export interface Compared {
  /** Records on the books. */
  records: number;
  problems: BooksProblem[];
  problemCount: number;
  /** Records that the budget service lacked, which it is told again. */
  publishedAgain: number;
}

/** How far back the budget service remembers what it settled for certain. */
const REMEMBERED_MS = 30 * 86_400_000;
const PROBLEMS_MAX = 1_000;

/**
 * Of requests from and until these Unix milliseconds; what is older than 30 days is not compared, because budgets forget it. A hold that is
 * past its end and was never ended is a problem, too. Throws where one of the two is away.
 * `repair`: what stands on the books and was never settled is published again; it is a problem of this look still, and none of the next.
 */
export async function compareBooks(
  { ledger, budgetAdmin }: Pick<Owners, "ledger" | "budgetAdmin">,
  { fromMs, untilMs, nowMs, repair }: { fromMs: number; untilMs: number; nowMs: number; repair: boolean },
): Promise<Compared> {
  const compared: Compared = { records: 0, problems: [], problemCount: 0, publishedAgain: 0 };
  const add = (found: readonly BooksProblem[]): void => {
    compared.problemCount += found.length;
    compared.problems.push(...found.slice(0, PROBLEMS_MAX - compared.problems.length));
  };
  const start = Math.max(fromMs, nowMs - REMEMBERED_MS);
  if (start >= untilMs) return compared;
  const times = { fromMs: BigInt(start), untilMs: BigInt(untilMs) };
  const last = firstUuidOf(untilMs);
  let [afterRequestId, isFirst] = [firstUuidOf(start), true];
  for (;;) {
    const range = { afterRequestId, untilRequestId: last, overdue: isFirst };
    const page = await budgetAdmin.listSettled(ListSettledRequest.create(range));
    const untilRequestId = page.untilRequestId === "" ? last : page.untilRequestId;
    const found = await ledger.compareSettled(
      CompareSettledRequest.create({ ...times, afterRequestId, untilRequestId, records: page.records, repair }),
    );
    compared.records += Number(found.booked);
    compared.publishedAgain += Number(found.publishedAgain);
    add(found.problems);
    add(page.overdueHolds.map(toProblem));
    if (page.untilRequestId === "") return compared;
    [afterRequestId, isFirst] = [page.untilRequestId, false];
  }
}

function toProblem({ attemptId, expiredAtMs }: OverdueHold): BooksProblem {
  const since = new Date(Number(expiredAtMs)).toISOString();
  const detail = `its life ended at ${since}`;
  return BooksProblem.create({
    rule: "M3",
    problem: "what was held was never ended",
    month: since.slice(0, 7),
    attemptId,
    detail,
  });
}
