// RecordedRequestService: recorded requests in bulk, for the router's backtests.
import { WaybillError } from "@waybill/domain";
import { type RpcServer, streamed } from "@waybill/rpc";
import { RecordedRequestServiceService, type RecordedRequests, type StreamRecordedRequest } from "@waybill/wire";
import type { Recorded } from "../outbound/postgres-recorded.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";
import { readListRequest } from "./read-list-request.ts";

const CALLERS = ["router"];
/** Each keeps a connection busy. */
const AT_ONCE_MAX = 2;
const REQUESTS = 1_000_000;
const REQUESTS_MAX = 10_000_000;

export function serveRecorded(server: RpcServer, recorded: Recorded, onError: OnError): void {
  let underWay = 0;
  async function* streamRecorded(request: StreamRecordedRequest, signal: AbortSignal): AsyncIterable<RecordedRequests> {
    const asked = { ...request, model: "", refusalCode: "", cursor: "", limit: 0, firstOnly: true };
    const { filter } = readListRequest(asked);
    if (filter.route === "") throw invalid("route", "Requests are read of one route.");
    if (request.requestsMax > REQUESTS_MAX) throw invalid("requests_max", `At most ${REQUESTS_MAX} requests.`);
    if (underWay >= AT_ONCE_MAX) {
      throw new WaybillError("overloaded", { publicMessage: "Other backtests are under way; try again later." });
    }
    underWay += 1;
    try {
      const pages = recorded.stream(filter, request.requestsMax || REQUESTS, signal)[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await orUnavailable(pages.next(), onError);
        if (done) return;
        yield value;
      }
    } finally {
      underWay -= 1;
    }
  }
  server.add(RecordedRequestServiceService, { streamRecorded: streamed(streamRecorded, onError) }, CALLERS);
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}
