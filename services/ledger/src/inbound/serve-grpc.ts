// LedgerService: what happened to requests, and the months of the books, for console and operators.
import { formatUsd, WaybillError } from "@waybill/domain";
import { serveRpc, unary } from "@waybill/rpc";
import type { ConfigOf, Log, ServiceScope } from "@waybill/service";
import {
  BooksMonth,
  type CloseMonthRequest,
  type GetRequestRequest,
  LedgerServiceService,
  type ListDecisionsRequest,
  type ListDecisionsResponse,
  type ListMonthsResponse,
  type RebuildSumsRequest,
  type RequestDetail,
  type VerifyBooksRequest,
  type VerifyBooksResponse,
} from "@waybill/wire";
import { closeMonth } from "../close-month.ts";
import type { settings } from "../config.ts";
import { monthText, readMonth } from "../core/close-rules.ts";
import { cutPage, encodeCursor } from "../core/decision-page.ts";
import { filterText } from "../core/decision-row.ts";
import type { Decisions } from "../outbound/postgres-decisions.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";
import { requestMonthOf } from "./read-decisions.ts";
import { readListRequest } from "./read-list-request.ts";

const CALLERS = ["console", "operator"];
/** Questions under way may take this long to be answered. */
const STOP_MS = 2_000;

/** Serves until the service stops, whether the books can be reached or not: a question then says so. */
export async function serveGrpc(
  config: ConfigOf<typeof settings>,
  { log, onStop }: ServiceScope,
  decisions: Decisions,
  months: PostgresMonths,
): Promise<void> {
  const [host, port] = [config.WAYBILL_GRPC_HOST, config.WAYBILL_GRPC_PORT];
  const server = await serveRpc({ host, port, accepted: config.WAYBILL_ACCEPTED_TOKENS });
  const onError = (error: unknown): void => log.error({ err: error }, "a question failed");
  const handlers = {
    listDecisions: unary((request: ListDecisionsRequest) => listDecisions(decisions, request, onError), onError),
    getRequest: unary((request: GetRequestRequest) => getRequest(decisions, request, onError), onError),
    listMonths: unary(() => listMonths(months, onError), onError),
    closeMonth: unary((request: CloseMonthRequest) => close(months, request, log, onError), onError),
    verifyBooks: unary((request: VerifyBooksRequest) => verifyBooks(months, request, onError), onError),
    rebuildSums: unary((request: RebuildSumsRequest) => rebuildSums(months, request, log, onError), onError),
  };
  server.add(LedgerServiceService, handlers, CALLERS);
  onStop("grpc server", (limitMs) => server.stop(Math.min(limitMs, STOP_MS)));
  server.health.set(true);
}

type OnError = (error: unknown) => void;

async function listDecisions(
  decisions: Decisions,
  request: ListDecisionsRequest,
  onError: OnError,
): Promise<ListDecisionsResponse> {
  const { filter, after, limit } = readListRequest(request);
  const found = await orUnavailable(decisions.list(filter, after, limit), onError);
  const { page, next } = cutPage(found, limit);
  return { decisions: page.map(({ decision }) => decision), nextCursor: next ? encodeCursor(next) : "" };
}

async function getRequest(
  decisions: Decisions,
  { requestId, organisationId }: GetRequestRequest,
  onError: OnError,
): Promise<RequestDetail> {
  const month = requestMonthOf(requestId);
  const found =
    month && (await orUnavailable(decisions.ofRequest(requestId, month, filterText(organisationId)), onError));
  if (!found || (found.decisions.length === 0 && found.otherAttempts.length === 0)) {
    throw new WaybillError("not_found", { publicMessage: "There is no request of that id." });
  }
  return found;
}

async function listMonths(months: PostgresMonths, onError: OnError): Promise<ListMonthsResponse> {
  return { months: await orUnavailable(months.list(), onError) };
}

async function close(
  months: PostgresMonths,
  { change, month, acceptUnpriced }: CloseMonthRequest,
  log: Log,
  onError: OnError,
): Promise<BooksMonth> {
  const by = change?.actor?.name ?? "";
  const wish = { month, by, reason: change?.reason ?? "", acceptUnpriced };
  const sums = await orUnavailable(closeMonth(months, wish), onError);
  log.info({ month, by, cost_usd: formatUsd(sums.costPicoUsd) }, "a month of the books is closed");
  return findMonth(months, sums.month, onError);
}

async function verifyBooks(
  months: PostgresMonths,
  { month }: VerifyBooksRequest,
  onError: OnError,
): Promise<VerifyBooksResponse> {
  const startedMs = performance.now();
  const verified = await orUnavailable(months.verify(month === "" ? undefined : readMonth(month)), onError);
  return { ...verified, tookMs: Math.round(performance.now() - startedMs) };
}

async function rebuildSums(
  months: PostgresMonths,
  { change, month: text }: RebuildSumsRequest,
  log: Log,
  onError: OnError,
): Promise<BooksMonth> {
  const month = readMonth(text);
  if (!(await orUnavailable(months.rebuildSums(month), onError))) {
    throw new WaybillError("not_found", { publicMessage: `There are no entries of ${text}.`, param: "month" });
  }
  log.info({ month: text, by: change?.actor?.name }, "sums by hour and day were made anew");
  return findMonth(months, month, onError);
}

async function findMonth(months: PostgresMonths, month: string, onError: OnError): Promise<BooksMonth> {
  const listed = await orUnavailable(months.list(), onError);
  return listed.find((one) => one.month === monthText(month)) ?? BooksMonth.create({ month: monthText(month) });
}

async function orUnavailable<T>(work: Promise<T>, onError: OnError): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    onError(error);
    const publicMessage = "The books cannot be read at the moment.";
    throw new WaybillError("usage_unavailable", { publicMessage, cause: error });
  }
}
