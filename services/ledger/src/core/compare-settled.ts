// What stands on the books beside what stands at the budget service: both read USAGE, each by itself, so of each attempt both must believe
// the same record at the same cost. Records that something better stands against may be missing: they change no sum.
import { effectiveRecord, parseRecordName, type RankedRecord } from "@waybill/domain";

/** A record as one of the two has it. */
export interface ComparedRecord {
  /** <attempt id>:<name> */
  recordId: string;
  /** Undefined: unknown. */
  costPicoUsd: bigint | undefined;
  /** When it came there, Unix milliseconds. */
  sinceMs: number;
}

export interface ComparedProblem {
  attemptId: string;
  problem: string;
  detail: string;
  /** The budget service lacks what stands on the books, which can be published again. */
  isLackedByBudgets: boolean;
}

/** The other one may still have it before it. */
export const ON_THE_WAY_MS = 120_000;

/** What differs for longer than two minutes. */
export function compareSettled(
  booked: readonly ComparedRecord[],
  settled: readonly ComparedRecord[],
  nowMs: number,
): ComparedProblem[] {
  const [books, budgets] = [standingByAttempt(booked), standingByAttempt(settled)];
  const problems: ComparedProblem[] = [];
  for (const attemptId of new Set([...books.keys(), ...budgets.keys()])) {
    const problem = compareAttempt(attemptId, books.get(attemptId), budgets.get(attemptId), nowMs);
    if (problem) problems.push(problem);
  }
  return problems;
}

/** What is believed of an attempt on one side. */
interface Standing extends RankedRecord {
  name: string;
  record: ComparedRecord;
}

function compareAttempt(
  attemptId: string,
  book: Standing | undefined,
  budget: Standing | undefined,
  nowMs: number,
): ComparedProblem | undefined {
  if (book && budget && book.name === budget.name) {
    if (book.record.costPicoUsd === budget.record.costPicoUsd) return undefined;
    const detail = `${textOf(book)} on the books, ${textOf(budget)} settled`;
    return { attemptId, problem: "books and budgets say different costs", detail, isLackedByBudgets: false };
  }
  if ([book, budget].some((side) => side && nowMs - side.record.sinceMs <= ON_THE_WAY_MS)) return undefined;
  if (!book) {
    const detail = budget ? textOf(budget) : "";
    return { attemptId, problem: "it was settled and never booked", detail, isLackedByBudgets: false };
  }
  const detail = budget ? `${textOf(book)} on the books, ${textOf(budget)} settled` : textOf(book);
  const isLackedByBudgets = effectiveRecord([book, ...(budget ? [budget] : [])]) === book;
  const problem = isLackedByBudgets
    ? "the budget service never settled what stands"
    : "a better record was settled and never booked";
  return { attemptId, problem, detail, isLackedByBudgets };
}

function standingByAttempt(records: readonly ComparedRecord[]): Map<string, Standing> {
  const standing = new Map<string, Standing>();
  for (const record of records) {
    const colon = record.recordId.indexOf(":");
    const [attemptId, name] = [record.recordId.slice(0, colon), record.recordId.slice(colon + 1)];
    const parts = parseRecordName(name);
    if (!parts) continue;
    const ranked: Standing = { ...parts, costPicoUsd: record.costPicoUsd ?? 0n, outcome: "", name, record };
    const before = standing.get(attemptId);
    standing.set(attemptId, (before && effectiveRecord([before, ranked])) || ranked);
  }
  return standing;
}

function textOf({ name, record: { costPicoUsd } }: Standing): string {
  return `${name} at ${costPicoUsd === undefined ? "unknown cost" : `${costPicoUsd} pico-USD`}`;
}
