// Comparing the books with what the budget service settled, a range of requests at a time.
import { uuidV7TimeMs, WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type { Pool } from "@waybill/store";
import { BooksProblem, type CompareSettledRequest, type LedgerServiceServer } from "@waybill/wire";
import { type ComparedProblem, compareSettled } from "../core/compare-settled.ts";
import { requestMonth } from "../core/months.ts";
import { recordsBetween } from "../outbound/postgres-records.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";

const RECORDS_MAX = 10_000;

export function answerAboutSettled(pool: Pool): (onError: OnError) => Pick<LedgerServiceServer, "compareSettled"> {
  const compare = async ({ fromMs, untilMs, afterRequestId, untilRequestId, records }: CompareSettledRequest) => {
    if (records.length > RECORDS_MAX) {
      const publicMessage = `At most ${RECORDS_MAX} records are compared at once.`;
      throw new WaybillError("invalid_value", { publicMessage, param: "records" });
    }
    const months = { fromMonth: monthOf(Number(fromMs)), untilMonth: monthOf(Number(untilMs)) };
    const booked = await recordsBetween(pool, { ...months, afterRequestId, untilRequestId });
    const settled = records.map(({ recordId, costPicoUsd, costKnown, settledAtMs }) => ({
      ...{ recordId, costPicoUsd: costKnown ? BigInt(costPicoUsd) : undefined, sinceMs: Number(settledAtMs) },
    }));
    return { problems: compareSettled(booked, settled, Date.now()).map(toProblem), booked: BigInt(booked.length) };
  };
  return (onError) => ({
    compareSettled: unary((request: CompareSettledRequest) => orUnavailable(compare(request), onError), onError),
  });
}

const monthOf = (unixMs: number): string => requestMonth({ requestedAtMs: unixMs });

function toProblem({ recordId, problem, detail }: ComparedProblem): BooksProblem {
  const [attemptId = "", name = ""] = recordId.split(":");
  const requestedAtMs = uuidV7TimeMs(attemptId.split(".")[0] ?? "") ?? 0;
  const where = detail === "" ? name : `${name}: ${detail}`;
  return BooksProblem.create({
    rule: "M7",
    problem,
    month: monthOf(requestedAtMs).slice(0, 7),
    attemptId,
    detail: where,
  });
}
