// HTTP to providers: one connection pool per provider, no redirects, ordinary TLS, addresses vetted before every connection.
// undici's dispatch is used as it is; its promises and streams would double the cost of a call.
import type { IncomingHttpHeaders } from "node:http";
import type { LookupFunction } from "node:net";
import { isRefusedHost, type Resolve, vettedLookup } from "@waybill/service";
import type { Dispatcher, Pool } from "undici";
import type { CallIds, Upstream, UpstreamCall, UpstreamEvents } from "../ports.ts";
import type { ProviderRequest } from "../providers/provider.ts";
import { makeProviderPool } from "./provider-pool.ts";

/** How long an idle connection is kept. Many self-hosted servers close after 5 s, and a request must not meet that. */
const IDLE_MS = 4_000;
/** The pool's own bound on connecting; each call has its own, tighter one. */
const CONNECT_MS_MAX = 60_000;
/** How long a finished answer's connection may take to end, so that it can be used again. */
const LINGER_MS = 1_000;

const HEADERS_OF_ALL = ["content-type", "application/json", "accept-encoding", "identity", "user-agent", "waybill"];

export class ProviderConnections {
  readonly #pools = new Map<string, Pool>();
  readonly #connectionsMax: number;
  readonly #lookup: LookupFunction;

  /** At most `connectionsMax` to each provider. `resolve`: another way to find a name's addresses than the system's. */
  constructor(connectionsMax: number, resolve?: Resolve) {
    this.#connectionsMax = connectionsMax;
    this.#lookup = vettedLookup(resolve);
  }

  call(upstream: Upstream, request: ProviderRequest, ids: CallIds, events: UpstreamEvents): UpstreamCall {
    const { origin, basePath, allowPrivateAddress } = upstream;
    const exchange = new Exchange(events);
    if (!allowPrivateAddress && isRefusedHost(origin)) {
      // A literal address never comes to the lookup.
      queueMicrotask(() => exchange.refuse("address_refused"));
      return exchange;
    }
    const path = basePath + request.path;
    const { host, credentials } = upstream;
    const { body } = request;
    const unsigned = [...callHeaders(upstream, ids), ...request.headers];
    const call = { method: "POST", host, path, headers: unsigned, body, nowUnixMs: Date.now() } as const;
    const headers = [...unsigned, ...credentials.headers(call)];
    this.#pool(origin, allowPrivateAddress).dispatch({ method: "POST", path, headers, body }, exchange);
    return exchange;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #pool(origin: string, allowPrivateAddress: boolean): Pool {
    const name = `${allowPrivateAddress} ${origin}`;
    let pool = this.#pools.get(name);
    if (!pool) {
      pool = makeProviderPool(origin, {
        connections: this.#connectionsMax,
        keepAliveTimeout: IDLE_MS,
        keepAliveMaxTimeout: IDLE_MS,
        // Each call has its own deadlines, by name.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: CONNECT_MS_MAX, ...(allowPrivateAddress ? {} : { lookup: this.#lookup }) },
      });
      this.#pools.set(name, pool);
    }
    return pool;
  }
}

/** Names and values in turn. The trace goes on only where the operator's own network does. */
export function callHeaders(upstream: Upstream, ids: CallIds): string[] {
  const headers = [...HEADERS_OF_ALL, "x-request-id", ids.attemptId];
  if (upstream.isSimulated) {
    headers.push("x-waybill-request-id", ids.requestId, "x-waybill-attempt-id", ids.attemptId);
  }
  if (upstream.isSimulated || upstream.allowPrivateAddress) headers.push("traceparent", ids.traceparent);
  return headers;
}

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly #events: UpstreamEvents;
  #controller: Dispatcher.DispatchController | undefined;
  #isAborted = false;
  #isOver = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(events: UpstreamEvents) {
    this.#events = events;
  }

  abort(): void {
    this.#isAborted = true;
    // Without a controller nothing is written yet; onRequestStart sees to it that nothing will be.
    if (!this.#isOver && this.#controller) abortWithoutStacks(this.#controller);
  }

  release(): void {
    if (this.#isOver) return;
    this.#linger = setTimeout(() => this.abort(), LINGER_MS);
    this.#linger.unref();
  }

  refuse(detail: string): void {
    this.#isOver = true;
    if (!this.#isAborted) this.#events.onError(detail);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(CALL_ENDED);
    else this.#events.onSent();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#isAborted || status < 200) return;
    this.#events.onHeaders(status, (name) => {
      const value = headers[name];
      return Array.isArray(value) ? (value[0] ?? "") : (value ?? "");
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isAborted) this.#events.onData(chunk);
  }

  onResponseEnd(): void {
    this.#over();
    if (!this.#isAborted) this.#events.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#over();
    // Only the code: a message may quote headers.
    if (!this.#isAborted) this.#events.onError("code" in error ? String(error.code) : error.name);
  }

  #over(): void {
    this.#isOver = true;
    clearTimeout(this.#linger);
  }
}

const CALL_ENDED = Object.assign(new Error("the call was ended by this side"), { name: "CallEnded" });

/** undici and Node make errors of their own of it, whose stacks nobody reads: a third of its time, and a thousand may end at once. */
function abortWithoutStacks(controller: Dispatcher.DispatchController): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    controller.abort(CALL_ENDED);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
