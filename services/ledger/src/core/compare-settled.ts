// The ledger's records beside those of the budget service: both read USAGE, each by itself, so both must have the same ones.

/** A record as one of the two has it. */
export interface ComparedRecord {
  recordId: string;
  /** Undefined: unknown. */
  costPicoUsd: bigint | undefined;
  /** When it came there, Unix milliseconds. */
  sinceMs: number;
}

export interface ComparedProblem {
  recordId: string;
  problem: string;
  detail: string;
}

/** The other one may still have it before it. */
export const ON_THE_WAY_MS = 120_000;

/** What only one of them has for longer than two minutes, and what they say differently. */
export function compareSettled(
  booked: readonly ComparedRecord[],
  settled: readonly ComparedRecord[],
  nowMs: number,
): ComparedProblem[] {
  const problems: ComparedProblem[] = [];
  const isOld = ({ sinceMs }: ComparedRecord): boolean => nowMs - sinceMs > ON_THE_WAY_MS;
  const others = new Map(settled.map((record) => [record.recordId, record]));
  for (const record of booked) {
    const other = others.get(record.recordId);
    others.delete(record.recordId);
    const { recordId } = record;
    if (!other) {
      if (isOld(record))
        problems.push({ recordId, problem: "the budget service never settled this record", detail: "" });
    } else if (other.costPicoUsd !== record.costPicoUsd) {
      const detail = `${costText(record)} on the books, ${costText(other)} settled`;
      problems.push({ recordId, problem: "books and budgets say different costs", detail });
    }
  }
  for (const record of others.values()) {
    const { recordId } = record;
    if (isOld(record))
      problems.push({ recordId, problem: "it was settled and never booked", detail: costText(record) });
  }
  return problems;
}

function costText({ costPicoUsd }: ComparedRecord): string {
  return costPicoUsd === undefined ? "unknown" : `${costPicoUsd} pico-USD`;
}
