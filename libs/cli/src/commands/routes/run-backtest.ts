// What recent requests would have done on a draft: the recorded decisions are asked for page by page and summed.
import type { Api } from "../../api/client.ts";
import { PAGE_MAX } from "../../api/pages.ts";
import type { PlannedRequest, RouteDocument } from "../../api/shapes.ts";
import { type Backtest, sumBacktest } from "../../backtest/sum-backtest.ts";

const HOUR_MS = 3_600_000;
/** Requests that are run again, the newest ones. */
const REQUESTS_MAX = 20_000;

interface PlanPage {
  requests: PlannedRequest[];
  nextCursor: string | null;
}

/** Recorded requests of `route` in the last `hours`. `onPage` is told how many have been run so far. */
export async function runBacktest(
  api: Api,
  route: string,
  document: RouteDocument,
  hours: number,
  onPage: (requestCount: number) => void,
): Promise<Backtest> {
  const requests: PlannedRequest[] = [];
  const from = new Date(Date.now() - hours * HOUR_MS).toISOString();
  let cursor: string | null = "";
  while (cursor !== null && requests.length < REQUESTS_MAX) {
    const page: PlanPage = await api.post("/routes/plan", { route, document, from, cursor, limit: PAGE_MAX });
    for (const request of page.requests) requests.push(request);
    cursor = page.nextCursor;
    if (page.requests.length > 0) onPage(requests.length);
  }
  const sum = sumBacktest(requests);
  if (cursor !== null) sum.notes.push(`only the newest ${requests.length} requests were run again`);
  return sum;
}
