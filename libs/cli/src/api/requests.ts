// The log of requests as the admin API shows it.
import type { Api, Query } from "./client.ts";
import { PAGE_MAX } from "./pages.ts";
import type { Decision } from "./shapes.ts";

export interface Who {
  id: string;
  name: string | null;
}

export interface RequestRow {
  requestId: string;
  at: string;
  organisation: Who | null;
  team: Who | null;
  user: Who | null;
  key: Who | null;
  endUser: string | null;
  session: string | null;
  environment: string | null;
  tags: Record<string, string>;
  requestedModel: string | null;
  route: string | null;
  routeVersion: number | null;
  /** null: nobody was asked. */
  model: string | null;
  account: string | null;
  simulated: boolean;
  outcome: string;
  errorCode: string | null;
  finishReason: string | null;
  refusalCode: string | null;
  attempts: number;
  cached: boolean;
  stream: boolean;
  suspect: boolean;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningOutputTokens: number;
  /** null: unknown. */
  costUsd: string | null;
  estimatedCostUsd: string;
  unpricedAttempts: number;
  firstTokenMs: number | null;
  durationMs: number;
}

export interface AttemptDetail {
  attemptId: string;
  outcome: string;
  /** null: unknown. */
  costUsd: string | null;
  model: string;
  account: string | null;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningOutputTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
  tokenSource: string;
  errorCode: string | null;
  finishReason: string | null;
  providerStatus: number | null;
  firstTokenMs: number | null;
  durationMs: number;
  suspect: boolean;
  source: string;
}

export interface DecisionDetail extends Decision {
  cost: AttemptDetail | null;
  inputs: { failedAttempt: number; failureCode: string } | null;
}

export interface RequestDetail {
  requestId: string;
  /** null: it is known by a decision only, of which nothing was ever booked. */
  request: RequestRow | null;
  decisions: DecisionDetail[];
  /** Attempts that have no decision of their own. */
  otherAttempts: AttemptDetail[];
}

export interface FoundRequests {
  requests: RequestRow[];
  /** null: everything was looked at. */
  nextCursor: string | null;
  searchedUntil: string;
}

/** A search that finds nothing in so many looks of a second is given up; its cursor says where to go on. */
const LOOKS_MAX = 600;

/** The newest `limit`; `onLook` is told how far was looked while less was found. */
export async function newestRequests(
  api: Api,
  query: Query,
  limit: number,
  onLook: (searchedUntil: string) => void,
): Promise<FoundRequests> {
  const found: FoundRequests = { requests: [], nextCursor: null, searchedUntil: "" };
  let cursor = query.cursor;
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const wanted = Math.min(PAGE_MAX, limit - found.requests.length);
    const page = await api.get<FoundRequests>("/requests", { ...query, cursor, limit: wanted });
    for (const request of page.requests) found.requests.push(request);
    found.nextCursor = page.nextCursor;
    found.searchedUntil = page.searchedUntil;
    if (page.nextCursor === null || found.requests.length >= limit) break;
    cursor = page.nextCursor;
    onLook(page.searchedUntil);
  }
  return found;
}
