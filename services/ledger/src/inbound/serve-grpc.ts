// LedgerService: what happened to requests, what was spent, and the months of the books, for console and operators.
import { WaybillError } from "@waybill/domain";
import { serveRpc, unary } from "@waybill/rpc";
import type { ConfigOf, ServiceScope } from "@waybill/service";
import {
  type GetRequestRequest,
  type GetSpendRequest,
  type GetSpendResponse,
  LedgerServiceService,
  type ListDecisionsRequest,
  type ListDecisionsResponse,
  type ListFocusRowsRequest,
  type ListFocusRowsResponse,
  type RequestDetail,
} from "@waybill/wire";
import type { settings } from "../config.ts";
import { readMonth } from "../core/close-rules.ts";
import { cutPage, encodeCursor } from "../core/decision-page.ts";
import { filterText } from "../core/decision-row.ts";
import { readFocusCursor } from "../core/focus-columns.ts";
import type { Questions } from "../outbound/open-questions.ts";
import type { Decisions } from "../outbound/postgres-decisions.ts";
import type { Focus } from "../outbound/postgres-focus.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";
import type { Savings } from "../outbound/postgres-savings.ts";
import type { Spend } from "../outbound/postgres-spend.ts";
import { answerAboutMonths } from "./answer-about-months.ts";
import { answerAboutSavings } from "./answer-about-savings.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";
import { requestMonthOf } from "./read-decisions.ts";
import { readListRequest } from "./read-list-request.ts";
import { readSpendRequest } from "./read-spend-request.ts";

const CALLERS = ["console", "operator"];
/** Questions under way may take this long to be answered. */
const STOP_MS = 2_000;

/** Whom questions are asked of. */
interface Answerers extends Questions {
  decisions: Decisions;
  months: PostgresMonths;
}

/** Serves until the service stops, whether the books can be reached or not: a question then says so. */
export async function serveGrpc(
  config: ConfigOf<typeof settings>,
  { log, onStop }: ServiceScope,
  { decisions, months, spend, baselines, savings, focus }: Answerers,
): Promise<void> {
  const [host, port] = [config.WAYBILL_GRPC_HOST, config.WAYBILL_GRPC_PORT];
  const server = await serveRpc({ host, port, accepted: config.WAYBILL_ACCEPTED_TOKENS });
  const onError = (error: unknown): void => log.error({ err: error }, "a question failed");
  const handlers = {
    listDecisions: unary((request: ListDecisionsRequest) => listDecisions(decisions, request, onError), onError),
    getRequest: unary((request: GetRequestRequest) => getRequest(decisions, savings, request, onError), onError),
    ...answerAboutMonths(months, log, onError),
    getSpend: unary((request: GetSpendRequest) => getSpend(spend, request, onError), onError),
    ...answerAboutSavings(baselines, savings, log, onError),
    listFocusRows: unary((request: ListFocusRowsRequest) => listFocusRows(focus, request, onError), onError),
  };
  server.add(LedgerServiceService, handlers, CALLERS);
  onStop("grpc server", (limitMs) => server.stop(Math.min(limitMs, STOP_MS)));
  server.health.set(true);
}

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
  savings: Savings,
  { requestId, organisationId }: GetRequestRequest,
  onError: OnError,
): Promise<RequestDetail> {
  const month = requestMonthOf(requestId);
  const whose = filterText(organisationId);
  const found = month && (await orUnavailable(decisions.ofRequest(requestId, month, whose), onError));
  if (!found || (found.decisions.length === 0 && found.otherAttempts.length === 0)) {
    throw new WaybillError("not_found", { publicMessage: "There is no request of that id." });
  }
  return { ...found, savings: await orUnavailable(savings.ofRequest(requestId, month, whose), onError) };
}

async function listFocusRows(
  focus: Focus,
  { organisationId, month, aiColumns, cursor }: ListFocusRowsRequest,
  onError: OnError,
): Promise<ListFocusRowsResponse> {
  const place = readFocusCursor(cursor);
  const asked = { organisationId: filterText(organisationId), month: readMonth(month), aiColumns, place };
  return orUnavailable(focus.page(asked), onError);
}

async function getSpend(spend: Spend, request: GetSpendRequest, onError: OnError): Promise<GetSpendResponse> {
  return orUnavailable(spend.sum(readSpendRequest(request, Date.now())), onError);
}
