// The process of one backtest: told what to run by the router that started it, it reads the ledger, says how far it is, and ends with the
// sums. Its priority is low: decisions go first.
import { setPriority } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { plainCredentials, refusalIn, SESSION_CLIENT_OPTIONS, tokenMetadata } from "@waybill/rpc";
import {
  BacktestResult,
  RecordedRequestServiceClient,
  type RecordedRequests,
  type StreamRecordedRequest,
} from "@waybill/wire";
import { backtest } from "../backtest.ts";
import { checkRouteText } from "../core/check-route.ts";
import { Snapshot, type SnapshotContent } from "../core/snapshot.ts";

/** Everything a backtest is made from. */
export interface BacktestJob {
  documentJson: string;
  content: SnapshotContent;
  recorded: StreamRecordedRequest;
  requestsMax: number;
  ledgerUrls: readonly string[];
  token: string;
}

export type BacktestNews =
  | { kind: "progress"; requests: number; total: number }
  | { kind: "result"; bytes: Uint8Array }
  | { kind: "failed"; code: ErrorCode; publicMessage: string; detail: string };

/** On a processor that is short it gets a third of what a decision gets, and still comes to an end. */
const LOW_PRIORITY = 5;
const CONNECT_MS = 2_000;
const PROGRESS_MS = 500;
/** gRPC UNAVAILABLE. */
const UNAVAILABLE = 14;

async function run({ documentJson, content, recorded, requestsMax, ledgerUrls, token }: BacktestJob): Promise<void> {
  const snapshot = Snapshot.of(content);
  const identity = { organisationId: recorded.organisationId, name: recorded.route, version: 0 };
  const draft = checkRouteText(identity, documentJson, snapshot).route;
  if (!draft) throw new Error("the draft has problems");
  const client = await reachLedger(ledgerUrls);
  let toldAtMs = 0;
  const result = await backtest({
    ...{ draft, snapshot, requestsMax },
    pages: client.streamRecorded(recorded, tokenMetadata(token)) as AsyncIterable<RecordedRequests>,
    onProgress(requests, total) {
      if (performance.now() - toldAtMs < PROGRESS_MS) return;
      toldAtMs = performance.now();
      tell({ kind: "progress", requests, total });
    },
    breathe: turn,
  });
  tell({ kind: "result", bytes: BacktestResult.encode(result).finish() });
}

/** The first ledger that is there. */
async function reachLedger(urls: readonly string[]): Promise<RecordedRequestServiceClient> {
  for (const url of urls) {
    const client = new RecordedRequestServiceClient(url, plainCredentials, SESSION_CLIENT_OPTIONS);
    const isThere = await new Promise((resolve) =>
      client.waitForReady(Date.now() + CONNECT_MS, (error) => resolve(!error)),
    );
    if (isThere) return client;
    client.close();
  }
  throw new WaybillError("usage_unavailable", { publicMessage: NOT_READ });
}

const NOT_READ = "The books cannot be read at the moment.";

function failureOf(thrown: unknown): Extract<BacktestNews, { kind: "failed" }> {
  const failure = (thrown ?? {}) as { code?: unknown; details?: string; metadata?: Parameters<typeof refusalIn>[0] };
  const refusal = refusalIn(failure.metadata);
  if (refusal) return { kind: "failed", code: refusal.code, publicMessage: failure.details ?? "", detail: "" };
  const detail = thrown instanceof Error ? `${thrown.message}` : String(thrown);
  if (failure.code === UNAVAILABLE)
    return { kind: "failed", code: "usage_unavailable", publicMessage: NOT_READ, detail };
  const { code, publicMessage } = WaybillError.from(thrown);
  return { kind: "failed", code, publicMessage, detail };
}

function tell(news: BacktestNews): void {
  process.send?.(news);
}

setPriority(LOW_PRIORITY);
// Whoever started it has left, or wants no answer any more.
process.on("disconnect", () => process.exit(0));
process.once("message", (job: BacktestJob) => {
  run(job).catch((error: unknown) => tell(failureOf(error)));
});
