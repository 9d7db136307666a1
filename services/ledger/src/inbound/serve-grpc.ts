// LedgerService and RecordedRequestService: what happened to requests, what was spent, and the months of the books, for console and operators.
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
  type RequestDetail,
} from "@waybill/wire";
import type { settings } from "../config.ts";
import { cutPage, encodeCursor } from "../core/decision-page.ts";
import { filterText } from "../core/decision-row.ts";
import type { Decisions } from "../outbound/postgres-decisions.ts";
import type { PostgresMonths } from "../outbound/postgres-months.ts";
import type { Recorded } from "../outbound/postgres-recorded.ts";
import type { Spend } from "../outbound/postgres-spend.ts";
import { answerAboutMonths } from "./answer-about-months.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";
import { requestMonthOf } from "./read-decisions.ts";
import { readListRequest } from "./read-list-request.ts";
import { readSpendRequest } from "./read-spend-request.ts";
import { serveRecorded } from "./serve-recorded.ts";

const CALLERS = ["console", "operator"];
/** Questions under way may take this long to be answered. */
const STOP_MS = 2_000;

/** Serves until the service stops, whether the books can be reached or not: a question then says so. */
export async function serveGrpc(
  config: ConfigOf<typeof settings>,
  { log, onStop }: ServiceScope,
  decisions: Decisions,
  months: PostgresMonths,
  spend: Spend,
  recorded: Recorded,
): Promise<void> {
  const [host, port] = [config.WAYBILL_GRPC_HOST, config.WAYBILL_GRPC_PORT];
  const server = await serveRpc({ host, port, accepted: config.WAYBILL_ACCEPTED_TOKENS });
  const onError = (error: unknown): void => log.error({ err: error }, "a question failed");
  const handlers = {
    listDecisions: unary((request: ListDecisionsRequest) => listDecisions(decisions, request, onError), onError),
    getRequest: unary((request: GetRequestRequest) => getRequest(decisions, request, onError), onError),
    ...answerAboutMonths(months, log, onError),
    getSpend: unary((request: GetSpendRequest) => getSpend(spend, request, onError), onError),
  };
  server.add(LedgerServiceService, handlers, CALLERS);
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

async function getSpend(spend: Spend, request: GetSpendRequest, onError: OnError): Promise<GetSpendResponse> {
  return orUnavailable(spend.sum(readSpendRequest(request, Date.now())), onError);
}
