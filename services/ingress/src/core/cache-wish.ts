// Should the answer to a request be kept for others, and may it come from what was kept? The route says, and the client's headers
// say it for one request: ours, and Cloudflare's.
import { WaybillError } from "@waybill/domain";
import type { RequestHeaders } from "./features.ts";
import { headerText, isSwitchedOn } from "./header-text.ts";

export interface CacheWish {
  /** How old an answer may be, and how long this one is kept. */
  ttlSeconds: number;
  /** key, team or organisation. */
  scope: string;
  /** False: only the new answer counts, and replaces what is kept. */
  reads: boolean;
}

/** As for a route. */
const TTL_SECONDS_MAX = 86_400;
/** Where only a header asks for it. */
const DEFAULT_SCOPE = "team";
const MODE_HEADER = "x-waybill-cache";
const TTL_HEADER = "x-waybill-cache-ttl";

/** Undefined: neither. Throws WaybillError invalid_value that names the header at fault. */
export function cacheWish(
  ofRoute: { ttlSeconds: number; scope: string } | undefined,
  headers: RequestHeaders,
): CacheWish | undefined {
  const mode = headerText(headers, MODE_HEADER);
  if (mode !== undefined && mode !== "bypass" && mode !== "refresh") {
    throw refused(MODE_HEADER, "bypass or refresh");
  }
  const ttlSeconds = ownTtl(headers) ?? cloudflareTtl(headers) ?? ofRoute?.ttlSeconds;
  if (ttlSeconds === undefined || mode === "bypass" || isSwitchedOn(headers, "cf-aig-skip-cache")) return undefined;
  return { ttlSeconds, scope: ofRoute?.scope ?? DEFAULT_SCOPE, reads: mode !== "refresh" };
}

function ownTtl(headers: RequestHeaders): number | undefined {
  const text = headerText(headers, TTL_HEADER);
  if (text === undefined) return undefined;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > TTL_SECONDS_MAX) {
    throw refused(TTL_HEADER, `a whole number of seconds from 1 to ${TTL_SECONDS_MAX}`);
  }
  return seconds;
}

/** Cloudflare allows up to a month; what is longer than ours is cut. */
function cloudflareTtl(headers: RequestHeaders): number | undefined {
  const text = headerText(headers, "cf-aig-cache-ttl") ?? "";
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) return undefined;
  return Math.min(Number(text), TTL_SECONDS_MAX);
}

function refused(param: string, expected: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage: `The header ${param} must be ${expected}.`, param });
}
