// What of the admin API's answers is used here. The whole of it: GET /api/v1/openapi.json.
import type { Problem } from "../exit-codes.ts";

export interface RouteDocument {
  nodes: unknown[];
  [field: string]: unknown;
}

export interface Route {
  name: string;
  organisationId: string;
  latestVersion: number;
  deployedVersion: number | null;
  deployedAt: string | null;
}

export interface VersionSummary {
  version: number;
  createdAt: string;
  createdBy: string;
  reason: string;
  deployed: boolean;
}

export interface RouteVersion extends VersionSummary {
  document: RouteDocument;
}

export interface SavedVersion {
  route: Route;
  version: RouteVersion;
  warnings: string[];
}

export interface ImportedRoute {
  shape: string;
  name: string | null;
  document: RouteDocument;
  warnings: string[];
  problems: Problem[];
}

export interface Explanation {
  route: string | null;
  routeVersion: number | null;
  path: string[];
  reason: string;
  model: string | null;
  simulated: boolean;
  refusal: { code: string; message: string } | null;
  candidates: {
    model: string;
    node: string;
    rejectedBecause: string | null;
    quality: number | null;
    expectedCostUsd: string | null;
    inBand: boolean;
  }[];
  heldUsd: string;
  maxOutputTokens: number;
  clamped: boolean;
  mode: string | null;
  sessionAffinity: { strategy: string; source: string; decision: string } | null;
}

export interface Decision {
  requestId: string;
  attempt: number;
  decidedAt: string;
  tookUs: number;
  caller: { organisationId: string; teamName: string; teamId: string; userName: string; userId: string };
  features: { model: string };
  explanation: Explanation;
  cost: {
    outcome: string;
    costUsd: string | null;
    model: string;
    /** null: no account was called, or nobody knows which. */
    account: string | null;
    errorCode: string | null;
  } | null;
}

export interface Replayed {
  /** The bytes are those of the recorded explanation. */
  same: boolean;
  differences: string[];
}
