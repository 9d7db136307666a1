// Liveness, readiness and metrics over HTTP on loopback. Ready means: everything this process waits for is there, and it
// is not draining. Not authenticated, so it shows states and never data.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";

/** One thing readiness waits for. Starts as not ready. */
export interface ReadyCondition {
  set(ready: boolean, why?: string): void;
}

export class Health {
  readonly #conditions = new Map<string, { ready: boolean; why: string }>();
  #draining = false;
  #server: Server | undefined;

  /** Declares something to wait for, e.g. "nats". */
  condition(name: string, why = "not there yet"): ReadyCondition {
    const state = { ready: false, why };
    this.#conditions.set(name, state);
    return {
      set(ready, reason = "") {
        state.ready = ready;
        state.why = ready ? "" : reason;
      },
    };
  }

  get ready(): boolean {
    return !this.#draining && [...this.#conditions.values()].every((condition) => condition.ready);
  }

  drain(): void {
    this.#draining = true;
  }

  /** The body of /readyz. */
  report(): { ready: boolean; draining: boolean; waiting_for: Record<string, string> } {
    const waiting: Record<string, string> = {};
    for (const [name, { ready, why }] of this.#conditions) if (!ready) waiting[name] = why;
    return { ready: this.ready, draining: this.#draining, waiting_for: waiting };
  }

  /** Listens on loopback and returns the port. */
  async listen(port: number, metrics: Metrics): Promise<number> {
    const server = createServer((request, response) => {
      if (request.method === "GET" && request.url === "/metrics") {
        metrics.serve(request, response);
        return;
      }
      const [status, body] = this.#answer(request.method, request.url);
      response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  #answer(method: string | undefined, url: string | undefined): [number, unknown] {
    if (method !== "GET") return [405, { error: "only GET" }];
    if (url === "/livez") return [200, { live: true }];
    if (url === "/readyz") return [this.ready ? 200 : 503, this.report()];
    return [404, { error: "try /livez, /readyz or /metrics" }];
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
  }
}
