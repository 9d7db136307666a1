// The months of the books over gRPC: listing, closing, verifying, making sums anew.
import { formatUsd, WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type { Log } from "@waybill/service";
import {
  BooksMonth,
  type CloseMonthRequest,
  type LedgerServiceServer,
  type ListMonthsRequest,
  type RebuildSumsRequest,
  type VerifyBooksRequest,
} from "@waybill/wire";
import { closeMonth } from "../close-month.ts";
import { type MonthSums, monthText, readMonth } from "../core/close-rules.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";

export function answerAboutMonths(
  months: PostgresMonths,
  log: Log,
  onError: OnError,
): Pick<LedgerServiceServer, "listMonths" | "closeMonth" | "verifyBooks" | "rebuildSums"> {
  const find = async (month: string): Promise<BooksMonth> => {
    const listed = await months.list("");
    return listed.find((one) => one.month === monthText(month)) ?? BooksMonth.create({ month: monthText(month) });
  };

  const close = async ({ change, month, acceptUnpriced }: CloseMonthRequest): Promise<BooksMonth> => {
    const by = change?.actor?.name ?? "";
    const sums = await closeMonth(months, { month, by, reason: change?.reason ?? "", acceptUnpriced });
    log.info({ month, by, cost_usd: formatUsd(sums.costPicoUsd) }, "a month of the books is closed");
    // It is closed, whether it can be looked at or not.
    return find(sums.month).catch(() => closedMonth(sums, by));
  };

  const verify = async ({ month }: VerifyBooksRequest) => {
    const startedMs = performance.now();
    const verified = await months.verify(month === "" ? undefined : readMonth(month));
    return { ...verified, tookMs: Math.round(performance.now() - startedMs) };
  };

  const rebuild = async ({ change, month: text }: RebuildSumsRequest): Promise<BooksMonth> => {
    const month = readMonth(text);
    if (!(await months.rebuildSums(month))) {
      throw new WaybillError("not_found", { publicMessage: `There are no entries of ${text}.`, param: "month" });
    }
    log.info({ month: text, by: change?.actor?.name }, "sums by hour and day were made anew");
    return find(month);
  };

  const list = async ({ organisationId }: ListMonthsRequest) => ({ months: await months.list(organisationId) });
  return {
    listMonths: unary((request: ListMonthsRequest) => orUnavailable(list(request), onError), onError),
    closeMonth: unary((request: CloseMonthRequest) => orUnavailable(close(request), onError), onError),
    verifyBooks: unary((request: VerifyBooksRequest) => orUnavailable(verify(request), onError), onError),
    rebuildSums: unary((request: RebuildSumsRequest) => orUnavailable(rebuild(request), onError), onError),
  };
}

function closedMonth(
  { month, requests, attempts, unpricedAttempts, costPicoUsd }: MonthSums,
  closedBy: string,
): BooksMonth {
  const cost = costPicoUsd.toString();
  const sums = { requests, attempts, unpricedAttempts, costPicoUsd: cost, lateCostPicoUsd: "0" };
  return BooksMonth.fromPartial({ ...sums, month: monthText(month), closedBy, closedAtMs: BigInt(Date.now()) });
}
