// What follows a failed attempt: the candidates of the first decision travel with the request as an opaque token, so that any
// replica answers Next, and a route that changes meanwhile changes nothing for a request that has begun.
import { ERRORS, isErrorCode } from "@waybill/domain";

export interface ResumeCandidate {
  /** <provider>/<model> */
  id: string;
  path: readonly string[];
  /** Attempts made so far. */
  tries: number;
}

export interface Resume {
  route: string;
  routeVersion: number;
  /** In the order of the first decision. */
  candidates: ResumeCandidate[];
}

/** Failures in which the model itself had no part: it may be tried once more, by another worker. */
const TRY_SAME_AGAIN: ReadonlySet<string> = new Set(["worker_lost", "not_sent"]);
const TRIES_PER_MODEL_MAX = 2;
/** Attempts of one request in all. */
export const ATTEMPTS_MAX = 4;

const TOKEN_BYTES_MAX = 16 * 1024;
const FORMAT = 1;

/** Which candidates may serve the next attempt, in order; empty: the failure is final. `failed`: where the last attempt went. */
export function nextCandidates(resume: Resume, failedAttempt: number, failureCode: string): ResumeCandidate[] {
  if (failedAttempt >= ATTEMPTS_MAX || !isErrorCode(failureCode)) return [];
  const last = lastTried(resume);
  const fresh = resume.candidates.filter(({ tries }) => tries === 0);
  if (TRY_SAME_AGAIN.has(failureCode)) {
    return last && last.tries < TRIES_PER_MODEL_MAX ? [last, ...fresh] : fresh;
  }
  return ERRORS[failureCode].retry === "next" ? fresh : [];
}

function lastTried({ candidates }: Resume): ResumeCandidate | undefined {
  return candidates.findLast(({ tries }) => tries > 0);
}

/** The resume state after an attempt at `id`. */
export function tried(resume: Resume, id: string): Resume {
  const found = resume.candidates.find((candidate) => candidate.id === id);
  if (!found) return resume;
  // The last one tried stands last among the tried, so that it is found again.
  const rest = resume.candidates.filter((candidate) => candidate !== found);
  const before = rest.filter(({ tries }) => tries > 0);
  const after = rest.filter(({ tries }) => tries === 0);
  return { ...resume, candidates: [...before, { ...found, tries: found.tries + 1 }, ...after] };
}

/** The token: opaque to whoever carries it. */
export function encodeResume({ route, routeVersion, candidates }: Resume): string {
  return JSON.stringify([FORMAT, route, routeVersion, candidates.map(({ id, path, tries }) => [id, tries, path])]);
}

/** Undefined for anything this did not write. */
export function decodeResume(token: string): Resume | undefined {
  if (token.length > TOKEN_BYTES_MAX) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(token);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const [format, route, routeVersion, list] = parsed as unknown[];
  if (format !== FORMAT || typeof route !== "string" || typeof routeVersion !== "number" || !Array.isArray(list)) {
    return undefined;
  }
  const candidates: ResumeCandidate[] = [];
  for (const item of list as unknown[]) {
    const [id, tries, path] = Array.isArray(item) ? (item as unknown[]) : [];
    if (typeof id !== "string" || typeof tries !== "number" || !isTextList(path)) return undefined;
    candidates.push({ id, tries, path });
  }
  return { route, routeVersion, candidates };
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
