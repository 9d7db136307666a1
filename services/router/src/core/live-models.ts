// Which models have a live worker, and how their calls go, by heartbeats. A worker that was not heard for ALIVE_MS serves nothing and
// says nothing about its targets any more; one that is draining serves nothing.
import type { ModelFacts } from "@waybill/routes";
import type { TargetHealth } from "@waybill/wire";
import { Circuit, type CircuitState } from "./circuit.ts";
import { newsOf, type TargetNews, TargetSum } from "./target-health.ts";

export const ALIVE_MS = 3_000;
/** Heartbeats of more workers than this are ignored. */
const WORKERS_MAX = 10_000;
/** Workers that are long gone are forgotten when others are heard, at most this often. */
const SWEEP_MS = 10_000;
/** What workers that fell silent have said is taken out of the sums when others are heard, at most this often. */
const SILENCE_CHECK_MS = 500;
/** A worker whose calls ended within this time has a say in whether a provider is down: two heartbeats. */
const HAS_SAY_MS = 2_000;
/** What conditions see of models is this old at most. */
const FACTS_MS = 250;

export interface Heartbeat {
  workerId: string;
  models: readonly { provider: string; model: string }[];
  draining: boolean;
  targets: readonly TargetHealth[];
}

/** How one model is, at a moment. */
export interface ModelHealth {
  readonly live: boolean;
  readonly circuit: CircuitState;
  /** How long its provider wants to be left alone; 0: not at all. */
  readonly rateLimitedMs: number;
  /** Failed calls of the last ten seconds, from 0 to 1. */
  readonly errorShare: number;
  /** Mean of the last ten seconds; 0: no call. */
  readonly firstTokenMs: number;
}

interface Worker {
  heardMs: number;
  draining: boolean;
  models: Set<string>;
  targets: Map<string, Said>;
  /** Its targets are in the sums. */
  isCounted: boolean;
}

interface Said {
  target: TargetHealth;
  /** When it was heard that calls had ended. */
  callsMs: number;
}

interface Target {
  readonly circuit: Circuit;
  readonly sum: TargetSum;
  /** Written anew for each question, so that a decision with many candidates makes nothing. */
  readonly health: { -readonly [Name in keyof ModelHealth]: ModelHealth[Name] };
}

const NEVER_CALLED = { circuit: "closed", rateLimitedMs: 0, errorShare: 0, firstTokenMs: 0 } as const;
const LIVE: ModelHealth = Object.freeze({ live: true, ...NEVER_CALLED });
const NOT_LIVE: ModelHealth = Object.freeze({ live: false, ...NEVER_CALLED });

export class LiveModels {
  readonly #workers = new Map<string, Worker>();
  readonly #byModel = new Map<string, Set<Worker>>();
  /** Only of models that are served and were called. */
  readonly #targets = new Map<string, Target>();
  #sweptMs = 0;
  #silenceCheckedMs = 0;
  #facts: Readonly<Record<string, ModelFacts>> = {};
  #factsMs = Number.NEGATIVE_INFINITY;

  heard(heartbeat: Heartbeat, monotonicMs: number): void {
    if (monotonicMs - this.#sweptMs > SWEEP_MS) this.#sweep(monotonicMs);
    if (monotonicMs - this.#silenceCheckedMs > SILENCE_CHECK_MS) this.#uncountSilent(monotonicMs);
    let worker = this.#workers.get(heartbeat.workerId);
    if (!worker) {
      if (this.#workers.size >= WORKERS_MAX) return;
      const nothing = { models: new Set<string>(), targets: new Map<string, Said>(), isCounted: true };
      worker = { heardMs: monotonicMs, draining: false, ...nothing };
      this.#workers.set(heartbeat.workerId, worker);
    }
    worker.heardMs = monotonicMs;
    worker.draining = heartbeat.draining;
    this.#uncount(worker);
    const models = new Set(heartbeat.models.map(({ provider, model }) => `${provider}/${model}`));
    for (const id of worker.models) if (!models.has(id)) this.#leave(id, worker);
    for (const id of models) if (!worker.models.has(id)) this.#join(id, worker);
    worker.models = models;
    this.#hearTargets(worker, heartbeat.targets, monotonicMs);
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

  /** What is returned holds until it is asked for the same model again: copy what is kept. */
  health(modelId: string, monotonicMs: number): ModelHealth {
    const live = this.isLive(modelId, monotonicMs);
    const target = this.#targets.get(modelId);
    if (!target) return live ? LIVE : NOT_LIVE;
    const { circuit, sum, health } = target;
    health.live = live;
    health.circuit = circuit.state(monotonicMs);
    health.rateLimitedMs = circuit.leftAloneMs(monotonicMs);
    health.errorShare = sum.errorShare;
    health.firstTokenMs = sum.firstTokenMs;
    return health;
  }

  /** May this request go there? Takes the probe of a half-open circuit, so it is asked last. */
  admits(modelId: string, monotonicMs: number): boolean {
    return this.#targets.get(modelId)?.circuit.admits(monotonicMs) ?? true;
  }

  /** All models that some worker serves, as conditions see them; the same object until it is too old. */
  facts(monotonicMs: number): Readonly<Record<string, ModelFacts>> {
    if (monotonicMs - this.#factsMs < FACTS_MS) return this.#facts;
    const facts: Record<string, ModelFacts> = {};
    for (const id of this.#byModel.keys()) {
      const { live, circuit, errorShare, firstTokenMs } = this.health(id, monotonicMs);
      facts[id] = { live, circuit, error_share: errorShare, first_token_ms: firstTokenMs };
    }
    this.#facts = facts;
    this.#factsMs = monotonicMs;
    return facts;
  }

  /** Circuits that are not closed, by model. */
  *openCircuits(monotonicMs: number): Iterable<[modelId: string, state: CircuitState]> {
    for (const [id, { circuit }] of this.#targets) {
      const state = circuit.state(monotonicMs);
      if (state !== "closed") yield [id, state];
    }
  }

  /** A target is what the worker serves: heartbeats about others are not believed. */
  #hearTargets(worker: Worker, heard: readonly TargetHealth[], nowMs: number): void {
    const before = worker.targets;
    worker.targets = new Map();
    worker.isCounted = true;
    for (const target of heard) {
      const id = `${target.provider}/${target.model}`;
      if (!worker.models.has(id) || worker.targets.has(id)) continue;
      const last = before.get(id);
      const news = newsOf(last?.target, target);
      const isNews = news.hasSucceeded || news.failures > 0;
      worker.targets.set(id, { target, callsMs: isNews ? nowMs : (last?.callsMs ?? Number.NEGATIVE_INFINITY) });
      this.#hear(id, target, news, nowMs);
    }
  }

  #hear(id: string, target: TargetHealth, news: TargetNews, nowMs: number): void {
    const { circuit, sum } = this.#target(id);
    sum.add(target);
    if (target.retryAfterMs > 0) circuit.leaveAlone(target.retryAfterMs, nowMs);
    const { calls, errorShare } = sum;
    circuit.heard(news, { calls, errorShare, failingShare: () => this.#failingShare(id, nowMs) }, nowMs);
  }

  #failingShare(id: string, nowMs: number): number {
    let [failing, all] = [0, 0];
    for (const { targets } of this.#byModel.get(id) ?? []) {
      const said = targets.get(id);
      if (!said || nowMs - said.callsMs > HAS_SAY_MS) continue;
      all += 1;
      if (said.target.failuresInARow > 0) failing += 1;
    }
    return all === 0 ? 0 : failing / all;
  }

  #target(id: string): Target {
    const known = this.#targets.get(id);
    if (known) return known;
    const target: Target = { circuit: new Circuit(), sum: new TargetSum(), health: { ...NOT_LIVE } };
    this.#targets.set(id, target);
    return target;
  }

  #uncount(worker: Worker): void {
    if (!worker.isCounted) return;
    worker.isCounted = false;
    for (const [id, { target }] of worker.targets) this.#targets.get(id)?.sum.remove(target);
  }

  #uncountSilent(monotonicMs: number): void {
    this.#silenceCheckedMs = monotonicMs;
    for (const worker of this.#workers.values()) {
      if (monotonicMs - worker.heardMs > ALIVE_MS) this.#uncount(worker);
    }
  }

  #sweep(monotonicMs: number): void {
    this.#sweptMs = monotonicMs;
    for (const [workerId, worker] of this.#workers) {
      if (monotonicMs - worker.heardMs < 10 * ALIVE_MS) continue;
      this.#uncount(worker);
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
    if (workers?.size !== 0) return;
    this.#byModel.delete(modelId);
    // Nobody serves it any more; whoever does again begins with a closed circuit.
    this.#targets.delete(modelId);
  }
}

function isAlive(worker: Worker, monotonicMs: number): boolean {
  return !worker.draining && monotonicMs - worker.heardMs <= ALIVE_MS;
}
