// LedgerService and RecordedRequestService: what happened to requests, what was spent, the months of the books, and providers' invoices
// beside them, for console and operators.
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
  type ListRequestsRequest,
  type ListRequestsResponse,
  type RequestDetail,
  RequestSummary,
} from "@waybill/wire";
import type { settings } from "../config.ts";
import { readMonth } from "../core/close-rules.ts";
import { cutPage, encodeCursor } from "../core/decision-page.ts";
import { filterText } from "../core/decision-row.ts";
import { readFocusCursor } from "../core/focus-columns.ts";
import { encodePlace, fittingCount, timeOfId } from "../core/request-pages.ts";
import type { Questions } from "../outbound/open-questions.ts";
import type { Decisions } from "../outbound/postgres-decisions.ts";
import type { Focus } from "../outbound/postgres-focus.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";
import type { Requests } from "../outbound/postgres-requests.ts";
import type { Spend } from "../outbound/postgres-spend.ts";
import { answerAboutEvents } from "./answer-about-events.ts";
import { answerAboutInvoices } from "./answer-about-invoices.ts";
import { answerAboutMonths } from "./answer-about-months.ts";
import { answerAboutSavings } from "./answer-about-savings.ts";
import type { SettledAnswers } from "./answer-about-settled.ts";
import type { SuspenseAnswers } from "./answer-about-suspense.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";
import { requestMonthOf } from "./read-decisions.ts";
import { readListRequest } from "./read-list-request.ts";
import { readRequestsSearch } from "./read-requests-search.ts";
import { readSpendRequest } from "./read-spend-request.ts";
import { serveRecorded } from "./serve-recorded.ts";

const CALLERS = ["console", "operator"];
/** Questions under way may take this long to be answered. */
const STOP_MS = 2_000;

/** What questions are answered from. */
interface Answerers extends Questions {
  decisions: Decisions;
  months: PostgresMonths;
  suspense(onError: OnError): SuspenseAnswers;
  settled(onError: OnError): SettledAnswers;
}

/** Serves until the service stops, whether the books can be reached or not: a question then says so. */
export async function serveGrpc(
  config: ConfigOf<typeof settings>,
  { log, onStop }: ServiceScope,
  { decisions, months, suspense, settled, recorded, ...questions }: Answerers,
): Promise<void> {
  const [host, port] = [config.WAYBILL_GRPC_HOST, config.WAYBILL_GRPC_PORT];
  const server = await serveRpc({ host, port, accepted: config.WAYBILL_ACCEPTED_TOKENS });
  const onError = (error: unknown): void => log.error({ err: error }, "a question failed");
  const { spend, requests, savings, baselines, focus, invoices, reconciliation, entries } = questions;
  const handlers = {
    listDecisions: unary((request: ListDecisionsRequest) => listDecisions(decisions, request, onError), onError),
    getRequest: unary((request: GetRequestRequest) => getRequest(decisions, questions, request, onError), onError),
    listRequests: unary((request: ListRequestsRequest) => listRequests(requests, request, onError), onError),
    ...answerAboutMonths(months, log, onError),
    ...answerAboutInvoices(invoices, reconciliation, log, onError),
    getSpend: unary((request: GetSpendRequest) => getSpend(spend, request, onError), onError),
    ...suspense(onError),
    ...settled(onError),
    ...answerAboutEvents(entries, onError),
    ...answerAboutSavings(baselines, savings, log, onError),
    listFocusRows: unary((request: ListFocusRowsRequest) => listFocusRows(focus, request, onError), onError),
  };
  const { listEvents, ...others } = LedgerServiceService;
  server.add(others, handlers, CALLERS);
  // The budget service tells webhooks of what is booked.
  server.add({ listEvents }, handlers, [...CALLERS, "budget"]);
  serveRecorded(server, recorded, onError);
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

async function listRequests(
  requests: Requests,
  request: ListRequestsRequest,
  onError: OnError,
): Promise<ListRequestsResponse> {
  const { filter, place, limit } = readRequestsSearch(request, Date.now());
  const found = await orUnavailable(requests.search(filter, place, limit), onError);
  const count = fittingCount(found.requests.map((one) => RequestSummary.encode(one).finish().length));
  const isCut = count < found.requests.length;
  const beforeId = (isCut ? found.requests[count - 1]?.requestId : undefined) ?? found.beforeId;
  const isOver = found.isOver && !isCut;
  return {
    requests: found.requests.slice(0, count),
    nextCursor: isOver ? "" : encodePlace({ ...place, beforeId }),
    searchedUntilMs: BigInt(isOver ? place.fromMs : timeOfId(beforeId)),
  };
}

async function getRequest(
  decisions: Decisions,
  { requests, savings }: Pick<Questions, "requests" | "savings">,
  { requestId, organisationId }: GetRequestRequest,
  onError: OnError,
): Promise<RequestDetail> {
  const month = requestMonthOf(requestId);
  const whose = filterText(organisationId);
  const found = month !== undefined && (await orUnavailable(decisions.ofRequest(requestId, month, whose), onError));
  if (!month || !found || (found.decisions.length === 0 && found.otherAttempts.length === 0)) {
    throw new WaybillError("not_found", { publicMessage: "There is no request of that id." });
  }
  const [summary, saved] = await orUnavailable(
    Promise.all([requests.one(requestId, month), savings.ofRequest(requestId, month, whose)]),
    onError,
  );
  return { ...found, summary, savings: saved };
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
