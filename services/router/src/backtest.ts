// THE STORY of a backtest: recorded requests come in pages, each walks the draft in the world of its moment, and what that would have cost is
// summed. It runs in a process of its own (outbound/backtest-process.ts), so that no decision waits for it.
import { type BacktestResult, DecisionRecord, type RecordedRequest, type RecordedRequests } from "@waybill/wire";
import { runAgain } from "./core/backtest/run-again.ts";
import { SumRuns } from "./core/backtest/sum-runs.ts";
import type { CompiledRoute } from "./core/route/compiled-route.ts";
import type { Snapshot } from "./core/snapshot.ts";

export interface BacktestOptions {
  draft: CompiledRoute;
  /** Models and aliases as they are now: what is priced anew is priced by it. */
  snapshot: Snapshot;
  pages: AsyncIterable<RecordedRequests>;
  requestsMax: number;
  /** How many requests have been run, of how many. */
  onProgress(requests: number, total: number): void;
  /** Waits until others had a turn; called after every page. */
  breathe(): Promise<void>;
}

/** Throws what `pages` throws. */
export async function backtest(options: BacktestOptions): Promise<BacktestResult> {
  const { draft, snapshot, pages, requestsMax, onProgress, breathe } = options;
  const sums = new SumRuns();
  let requests = 0;
  let total = 0;
  for await (const page of pages) {
    if (page.total > 0n) total = Number(page.total);
    for (const request of page.requests) addOne(request, draft, snapshot, sums);
    requests += page.requests.length;
    onProgress(requests, Math.min(Math.max(total, requests), requestsMax));
    await breathe();
  }
  return sums.result(total > requestsMax);
}

function addOne(
  { record: bytes, attempts }: RecordedRequest,
  draft: CompiledRoute,
  snapshot: Snapshot,
  sums: SumRuns,
): void {
  const record = DecisionRecord.decode(bytes);
  const { explanation } = record;
  // Another organisation's route of the same name is not the one that is drafted.
  const isOurs = explanation?.routeOrganisationId === draft.organisationId && explanation.route === draft.name;
  const run = isOurs ? runAgain(record, draft, snapshot) : undefined;
  if (run) sums.add(run, attempts);
  else sums.skip();
}
