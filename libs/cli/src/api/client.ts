// The admin API over HTTP. Everything that goes wrong becomes an Ending that says what to do next.
import type { CliConfig } from "../config.ts";
import { notReached, notTheApi, refusalOf } from "./errors.ts";
import { followAnswer } from "./follow-answer.ts";

/** A list is a field that is repeated. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Paths are below /api/v1. What an answer is made of stands in shapes.ts; the API's own tests hold it to that. */
export interface Api {
  get<T>(path: string, query?: Query): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  delete<T>(path: string, query?: Query): Promise<T>;
  /** A file as it comes; what breaks off throws while it is read. */
  file(path: string, query: Query): Promise<AsyncIterable<Uint8Array>>;
  /** A POST whose answer takes a while: `onProgress` hears how far it is. */
  follow<T, P>(path: string, body: unknown, onProgress: (progress: P) => void): Promise<T>;
}

const TIMEOUT_MS = 120_000;
/** A month of a large installation. */
const FILE_TIMEOUT_MS = 1_800_000;

/** `organisation` goes with every question; undefined: the key's own. */
export function makeApi({ adminUrl, adminKey }: CliConfig, organisation: string | undefined): Api {
  const urlOf = (path: string, query: Query = {}): URL => {
    const url = new URL(`${adminUrl}/api/v1${path}`);
    for (const [name, value] of Object.entries({ ...query, organisation })) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined) url.searchParams.append(name, String(one));
      }
    }
    return url;
  };
  const ask = async <T>(method: string, path: string, body: unknown, query: Query = {}): Promise<T> => {
    const url = urlOf(path, query);
    const { status, text } = await exchange(url, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A key is not carried to another address.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (status >= 200 && status < 300) return readAnswer<T>(text);
    throw refusalOf(status, text);
  };
  return {
    get: (path, query) => ask("GET", path, undefined, query),
    post: (path, body = {}) => ask("POST", path, body),
    put: (path, body) => ask("PUT", path, body),
    patch: (path, body) => ask("PATCH", path, body),
    delete: (path, query) => ask("DELETE", path, undefined, query),
    async file(path, query) {
      const url = urlOf(path, query);
      const response = await reach(url, {
        headers: { authorization: `Bearer ${adminKey}` },
        redirect: "manual",
        signal: AbortSignal.timeout(FILE_TIMEOUT_MS),
      });
      if (response.status >= 200 && response.status < 300 && response.body) return response.body;
      throw refusalOf(response.status, await response.text());
    },
    follow: (path, body, onProgress) => followAnswer(urlOf(path), adminKey, body, onProgress),
  };
}

/** A path of texts, each escaped: pathOf("routes", name). */
export function pathOf(...segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");
}

async function reach(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw notReached(url.origin, error);
  }
}

async function exchange(url: URL, init: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw notReached(url.origin, error);
  }
}

function readAnswer<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw notTheApi("it answered with something that is no JSON");
  }
}
