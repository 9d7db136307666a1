// THE STORY: attempts whose price arrived, or was corrected, say anew what they cost. The revision is written down, goes out on USAGE, and
// comes back to the books and to the budgets like any other record.
import type { PriceEntry } from "@waybill/catalog";
import type { PicoUsd } from "@waybill/domain";
import type { UsageRecord } from "@waybill/wire";
import { type NoRevision, type RevisionCause, reviseRecord, type StandingAttempt } from "./core/revise-record.ts";

/** Attempts of one model, in the order of their ids. */
export interface RepriceWish {
  provider: string;
  model: string;
  /** Requests from and until, exclusive; Unix milliseconds. */
  fromMs: number;
  untilMs: number;
  /** Only those without a price. */
  onlyUnpriced: boolean;
  because: RevisionCause;
  by: string;
  reason: string;
}

/** Where a look goes on: behind this attempt. */
export interface AttemptPlace {
  requestId: string;
  attempt: number;
}

export interface RepricePorts {
  /** Of one model, in the order in which they hold. */
  pricesOf(provider: string, model: string): readonly PriceEntry[];
  /** Attempts as they stand, at most `limit`; fewer: there are no more. */
  standing(wish: RepriceWish, after: AttemptPlace | undefined, limit: number): Promise<StandingAttempt[]>;
  /** Writes revisions down and returns them; one of the same name that was written before is returned instead. */
  keep(revisions: readonly UsageRecord[], wish: RepriceWish): Promise<Uint8Array[]>;
  /** Throws when it is not certain that they are on USAGE. */
  publish(records: readonly Uint8Array[]): Promise<void>;
  nowMs(): number;
}

export interface RepriceReport {
  looked: number;
  revised: number;
  /** Of them, without a price before. */
  arrived: number;
  /** Of what is revised: what it cost before, without what had no price, and what it costs now. */
  beforePicoUsd: PicoUsd;
  afterPicoUsd: PicoUsd;
  not: Record<NoRevision, number>;
  /** Undefined: all were looked at. */
  goesOnAfter: AttemptPlace | undefined;
}

const AT_ONCE = 500;

/**
 * Revises at most `lookedMax` attempts. `isDryRun`: only says what it would do. Throws when the books or USAGE cannot be reached; what was
 * published until then stays, and the same wish goes on from there.
 */
export async function reprice(
  ports: RepricePorts,
  wish: RepriceWish,
  { isDryRun, lookedMax, after }: { isDryRun: boolean; lookedMax: number; after?: AttemptPlace | undefined },
): Promise<RepriceReport> {
  const report = emptyReport();
  const prices = ports.pricesOf(wish.provider, wish.model);
  let place = after;
  while (report.looked < lookedMax) {
    const limit = Math.min(AT_ONCE, lookedMax - report.looked);
    const found = await ports.standing(wish, place, limit);
    const revisions = found.flatMap((standing) => judge(standing, prices, ports.nowMs(), report));
    if (!isDryRun && revisions.length > 0) await ports.publish(await ports.keep(revisions, wish));
    place = placeOf(found.at(-1)) ?? place;
    if (found.length < limit) return report;
  }
  report.goesOnAfter = place;
  return report;
}

function judge(
  standing: StandingAttempt,
  prices: readonly PriceEntry[],
  nowMs: number,
  report: RepriceReport,
): UsageRecord[] {
  report.looked += 1;
  const revised = reviseRecord(standing, prices, nowMs);
  if (typeof revised === "string") {
    report.not[revised] += 1;
    return [];
  }
  report.revised += 1;
  if (standing.record.costKnown) report.beforePicoUsd += standing.record.costPicoUsd;
  else report.arrived += 1;
  report.afterPicoUsd += revised.costPicoUsd;
  return [revised];
}

function placeOf(standing: StandingAttempt | undefined): AttemptPlace | undefined {
  return standing && { requestId: standing.record.requestId, attempt: standing.record.attempt };
}

function emptyReport(): RepriceReport {
  return {
    ...{ looked: 0, revised: 0, arrived: 0, beforePicoUsd: 0n, afterPicoUsd: 0n, goesOnAfter: undefined },
    not: { no_price: 0, not_in_force: 0, no_tokens: 0, kept: 0, by_hold: 0 },
  };
}
