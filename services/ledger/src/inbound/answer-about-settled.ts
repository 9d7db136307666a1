// Comparing the books with what the budget service settled, a range of requests at a time, and publishing again what that one lacks.
import { parseAttemptId, uuidV7TimeMs, WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type { Log } from "@waybill/service";
import type { Pool } from "@waybill/store";
import {
  BooksProblem,
  type CompareSettledRequest,
  type CompareSettledResponse,
  type LedgerServiceServer,
  UsageRecord,
} from "@waybill/wire";
import { type ComparedProblem, compareSettled } from "../core/compare-settled.ts";
import { requestMonth } from "../core/months.ts";
import { recordsBetween } from "../outbound/postgres-records.ts";
import { standingOf } from "../outbound/standing-attempts.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";
import type { Pricing } from "./start-pricing.ts";

const RECORDS_MAX = 10_000;

export type SettledAnswers = Pick<LedgerServiceServer, "compareSettled">;

/** `usage`: undefined until the bus was there for the first time. */
export function answerAboutSettled(
  pool: Pool,
  usage: () => Pick<Pricing, "publishAgain"> | undefined,
  log: Log,
): (onError: OnError) => SettledAnswers {
  const compare = async (request: CompareSettledRequest): Promise<CompareSettledResponse> => {
    const { fromMs, untilMs, afterRequestId, untilRequestId, records, repair } = request;
    if (records.length > RECORDS_MAX) {
      const publicMessage = `At most ${RECORDS_MAX} records are compared at once.`;
      throw new WaybillError("invalid_value", { publicMessage, param: "records" });
    }
    const months = { fromMonth: monthOf(Number(fromMs)), untilMonth: monthOf(Number(untilMs)) };
    const booked = await recordsBetween(pool, { ...months, afterRequestId, untilRequestId });
    const settled = records.map(({ recordId, costPicoUsd, costKnown, settledAtMs }) => ({
      ...{ recordId, costPicoUsd: costKnown ? BigInt(costPicoUsd) : undefined, sinceMs: Number(settledAtMs) },
    }));
    const problems = compareSettled(booked, settled, Date.now());
    const published = repair ? await publishAgain(problems) : 0;
    return { problems: problems.map(toProblem), booked: BigInt(booked.length), publishedAgain: BigInt(published) };
  };

  /** The same records under the same ids: the ledger knows them, the budget service settles them. */
  const publishAgain = async (problems: readonly ComparedProblem[]): Promise<number> => {
    const lacked = problems.flatMap(({ attemptId, isLackedByBudgets }) => (isLackedByBudgets ? [attemptId] : []));
    if (lacked.length === 0) return 0;
    const ports = usage();
    if (!ports) throw new WaybillError("usage_unavailable", { publicMessage: "The bus is not there yet." });
    const standing = await standingOf(pool, lacked);
    await ports.publishAgain(standing.map(({ record }) => UsageRecord.encode(record).finish()));
    log.warn({ records: standing.length }, "records that the budget service lacked were published again");
    return standing.length;
  };

  return (onError) => ({
    compareSettled: unary((request: CompareSettledRequest) => orUnavailable(compare(request), onError), onError),
  });
}

const monthOf = (unixMs: number): string => requestMonth({ requestedAtMs: unixMs });

function toProblem({ attemptId, problem, detail }: ComparedProblem): BooksProblem {
  const requestedAtMs = uuidV7TimeMs(parseAttemptId(attemptId)?.requestId ?? "") ?? 0;
  return BooksProblem.create({ rule: "M7", problem, month: monthOf(requestedAtMs).slice(0, 7), attemptId, detail });
}
