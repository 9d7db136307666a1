// RoutingAdminService.Backtest: a draft is checked here, and run in a process of its own, one at a time.
import { WaybillError } from "@waybill/domain";
import { type BacktestRequest, BacktestResult, type BacktestUpdate, StreamRecordedRequest } from "@waybill/wire";
import { checkRouteText } from "../core/check-route.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { BacktestJob, BacktestNews } from "../outbound/backtest-process.ts";

export interface BacktestServing {
  snapshot: Snapshot;
  ledgerUrls: readonly string[];
  /** This service's own, shown to the ledger. */
  token: string;
  start(job: BacktestJob, signal: AbortSignal): AsyncIterable<Exclude<BacktestNews, { kind: "failed" }>>;
}

const REQUESTS = 1_000_000;
const REQUESTS_MAX = 10_000_000;

export function makeBacktest(serving: BacktestServing) {
  const { snapshot, ledgerUrls, token, start } = serving;
  let isUnderWay = false;

  return async function* backtest(request: BacktestRequest, signal: AbortSignal): AsyncGenerator<BacktestUpdate> {
    const { documentJson, organisationId, route, teamId, fromMs, untilMs } = request;
    if (request.requestsMax > REQUESTS_MAX) {
      const publicMessage = `At most ${REQUESTS_MAX} requests are run again.`;
      throw new WaybillError("invalid_value", { publicMessage, param: "requests_max" });
    }
    const { problems } = checkRouteText({ organisationId, name: route, version: 0 }, documentJson, snapshot);
    if (problems.length > 0) {
      yield { update: { $case: "problems", value: { problems } } };
      return;
    }
    if (ledgerUrls.length === 0) {
      throw new WaybillError("usage_unavailable", { publicMessage: "The router does not know where the books are." });
    }
    if (isUnderWay) {
      throw new WaybillError("overloaded", {
        publicMessage: "Another backtest is under way; try again when it is done.",
      });
    }
    isUnderWay = true;
    try {
      const requestsMax = request.requestsMax || REQUESTS;
      const recorded = StreamRecordedRequest.create({ organisationId, teamId, route, fromMs, untilMs, requestsMax });
      const job = { documentJson, content: snapshot.content(), recorded, requestsMax, ledgerUrls, token };
      for await (const news of start(job, signal)) yield updateOf(news);
    } finally {
      isUnderWay = false;
    }
  };
}

function updateOf(news: Exclude<BacktestNews, { kind: "failed" }>): BacktestUpdate {
  if (news.kind === "result") return { update: { $case: "result", value: BacktestResult.decode(news.bytes) } };
  const { requests, total } = news;
  return { update: { $case: "progress", value: { requests: BigInt(requests), total: BigInt(total) } } };
}
