// Which models have a live worker, by heartbeats. A worker that was not heard for ALIVE_MS, or is draining, serves nothing.

export const ALIVE_MS = 3_000;
/** Heartbeats of more workers than this are ignored. */
const WORKERS_MAX = 10_000;
/** Workers that are long gone are forgotten when others are heard, at most this often. */
const SWEEP_MS = 10_000;

export interface Heartbeat {
  workerId: string;
  models: readonly { provider: string; model: string }[];
  draining: boolean;
}

interface Worker {
  heardMs: number;
  draining: boolean;
  models: Set<string>;
}

export class LiveModels {
  readonly #workers = new Map<string, Worker>();
  readonly #byModel = new Map<string, Set<Worker>>();
  #sweptMs = 0;

  heard(heartbeat: Heartbeat, monotonicMs: number): void {
    if (monotonicMs - this.#sweptMs > SWEEP_MS) this.#sweep(monotonicMs);
    let worker = this.#workers.get(heartbeat.workerId);
    if (!worker) {
      if (this.#workers.size >= WORKERS_MAX) return;
      worker = { heardMs: monotonicMs, draining: false, models: new Set() };
      this.#workers.set(heartbeat.workerId, worker);
    }
    worker.heardMs = monotonicMs;
    worker.draining = heartbeat.draining;
    const models = new Set(heartbeat.models.map(({ provider, model }) => `${provider}/${model}`));
    for (const id of worker.models) if (!models.has(id)) this.#leave(id, worker);
    for (const id of models) if (!worker.models.has(id)) this.#join(id, worker);
    worker.models = models;
  }

  /** `modelId`: <provider>/<model>. */
  isLive(modelId: string, monotonicMs: number): boolean {
    const workers = this.#byModel.get(modelId);
    if (!workers) return false;
    for (const worker of workers) if (isAlive(worker, monotonicMs)) return true;
    return false;
  }

  /** Models with at least one live worker. */
  *live(monotonicMs: number): Iterable<string> {
    for (const id of this.#byModel.keys()) if (this.isLive(id, monotonicMs)) yield id;
  }

  #sweep(monotonicMs: number): void {
    this.#sweptMs = monotonicMs;
    for (const [workerId, worker] of this.#workers) {
      if (monotonicMs - worker.heardMs < 10 * ALIVE_MS) continue;
      for (const id of worker.models) this.#leave(id, worker);
      this.#workers.delete(workerId);
    }
  }

  #join(modelId: string, worker: Worker): void {
    const workers = this.#byModel.get(modelId);
    if (workers) workers.add(worker);
    else this.#byModel.set(modelId, new Set([worker]));
  }

  #leave(modelId: string, worker: Worker): void {
    const workers = this.#byModel.get(modelId);
    workers?.delete(worker);
    if (workers?.size === 0) this.#byModel.delete(modelId);
  }
}

function isAlive(worker: Worker, monotonicMs: number): boolean {
  return !worker.draining && monotonicMs - worker.heardMs <= ALIVE_MS;
}
