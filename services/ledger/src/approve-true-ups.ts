// THE STORY: somebody looked at the differences between invoice and books and approves them; they become true-ups, once.
import { formatUsd, type PicoUsd, WaybillError } from "@waybill/domain";
import { type Difference, planTrueUps, sumOfDifferences, type TrueUp } from "./core/true-ups.ts";

export interface WhichDifferences {
  provider: string;
  /** UTC days, both included. */
  fromDay: string;
  untilDay: string;
  /** Empty: of any cause. */
  causes: readonly string[];
}

export interface Approval extends WhichDifferences {
  id: string;
  amountPicoUsd: PicoUsd;
  by: string;
  reason: string;
}

/** A transaction in which nobody books, imports or approves. */
export interface ComparedBooks {
  /** The latest closed month, "2026-10-01"; undefined: none is. */
  closedUntil: string | undefined;
  differences(which: WhichDifferences): Promise<Difference[]>;
  /** Keeps them. What books them stands in here, too: it is the same transaction, and the id of each is stable. */
  approve(approval: Approval, trueUps: readonly TrueUp[]): Promise<void>;
}

export interface ApproveTrueUpsPorts {
  /** Runs `work` in one transaction under the lock of those who book, and commits. */
  whileNobodyBooks<T>(work: (books: ComparedBooks) => Promise<T>): Promise<T>;
  makeId(): string;
}

export interface ApproveTrueUps extends WhichDifferences {
  /** The sum that was looked at. */
  differencePicoUsd: PicoUsd;
  by: string;
  reason: string;
}

/** Throws invalid_value without a reason, not_found where nothing differs, in_use where the sum is another than the one looked at. */
export async function approveTrueUps(
  ports: ApproveTrueUpsPorts,
  { differencePicoUsd, by, reason, ...which }: ApproveTrueUps,
): Promise<{ approval: Approval; trueUps: TrueUp[] }> {
  if (reason.trim() === "") {
    throw new WaybillError("invalid_value", { publicMessage: "Say why it is approved.", param: "reason" });
  }
  return ports.whileNobodyBooks(async (books) => {
    const differences = await books.differences(which);
    if (differences.length === 0) {
      const publicMessage = `Nothing differs for ${which.provider} from ${which.fromDay} until ${which.untilDay}.`;
      throw new WaybillError("not_found", { publicMessage });
    }
    const amountPicoUsd = sumOfDifferences(differences);
    if (amountPicoUsd !== differencePicoUsd) {
      const publicMessage = `The difference is ${formatUsd(amountPicoUsd)} USD, not ${formatUsd(differencePicoUsd)}. Compare again and approve what you see.`;
      throw new WaybillError("in_use", { publicMessage, param: "difference" });
    }
    const approval = { ...which, id: ports.makeId(), amountPicoUsd, by, reason };
    const trueUps = planTrueUps(differences, books.closedUntil, ports.makeId);
    await books.approve(approval, trueUps);
    return { approval, trueUps };
  });
}
