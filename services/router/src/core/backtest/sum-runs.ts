// Recorded requests run again, summed as they come: in all, by team, by model and by move. What it keeps does not grow with the requests.
import type { PicoUsd } from "@waybill/domain";
import {
  BacktestDoubts,
  type BacktestLatency,
  BacktestModel,
  BacktestResult,
  BacktestSums,
  type RecordedAttempt,
} from "@waybill/wire";
import { answerOf, type CostAgain, costAgain, nameOf } from "./cost-again.ts";
import { Durations } from "./durations.ts";
import type { RunAgain } from "./run-again.ts";

/** Kept apart; the rest is one. */
const TEAMS_MAX = 1_000;
const MOVES_MAX = 1_000;
export const REST = "*";
/** From so many on, what a model usually answers says something. */
export const ANSWERS_LEAST = 100;

/** What is kept of a model. */
class ModelRuns {
  before = 0;
  after = 0;
  answers = 0;
  outputTokens = 0n;
  readonly durations = new Durations();
  /** Of compared requests that move here. */
  moved = 0;
  withoutOutput: PicoUsd = 0n;
  outputRates: PicoUsd = 0n;
}

type DoubtCounts = Record<Exclude<keyof BacktestDoubts, "cacheReadsPicoUsd" | "draftByUsualAnswersPicoUsd">, number>;

export class SumRuns {
  readonly #total = new Sums();
  readonly #teams = new Map<string, { name: string; sums: Sums }>();
  readonly #models = new Map<string, ModelRuns>();
  readonly #moves = new Map<string, { from: string; to: string; sums: Sums }>();
  readonly #doubts: DoubtCounts = {
    ...{ otherAnswer: 0, cacheReads: 0, retried: 0, drawn: 0, unseenModel: 0, unaskedBudget: 0, unseenBudget: 0 },
    ...{ servedInstead: 0, noAnswer: 0, unpriced: 0 },
  };
  #cacheReads: PicoUsd = 0n;
  /** Draft costs of compared requests that stay where they are. */
  #staying: PicoUsd = 0n;
  #firstMs = 0;
  #lastMs = 0;
  #skipped = 0;

  add(run: RunAgain, attempts: readonly RecordedAttempt[]): void {
    const cost = costAgain(run, attempts);
    const [from, to] = [nameOf(run.before), nameOf(run.after)];
    this.#total.add(run, cost);
    this.#teamOf(run).add(run, cost);
    if (cost.isChanged) this.#moveOf(from, to).add(run, cost);
    this.#modelOf(from).before += 1;
    this.#modelOf(to).after += 1;
    this.#addAnswer(from, attempts);
    this.#addParts(to, cost);
    this.#addDoubts(run, cost);
    this.#firstMs = this.#firstMs === 0 ? run.decidedAtMs : Math.min(this.#firstMs, run.decidedAtMs);
    this.#lastMs = Math.max(this.#lastMs, run.decidedAtMs);
  }

  /** A record that cannot be run. */
  skip(): void {
    this.#skipped += 1;
  }

  /** `more`: there are more requests than were added. */
  result(more: boolean): BacktestResult {
    return BacktestResult.create({
      fromMs: BigInt(this.#firstMs),
      untilMs: BigInt(this.#lastMs),
      total: this.#total.toWire(),
      teams: [...this.#teams]
        .map(([teamId, { name, sums }]) => ({ teamId, teamName: name, sums: sums.toWire() }))
        .sort(mostFirst),
      models: [...this.#models]
        .map(([model, runs]) => modelToWire(model, runs))
        .sort((a, b) => Number(b.requestsBefore - a.requestsBefore)),
      moves: [...this.#moves.values()].map(({ from, to, sums }) => ({ from, to, sums: sums.toWire() })).sort(mostFirst),
      more,
      skipped: BigInt(this.#skipped),
      doubts: this.#doubtsToWire(),
      actualLatency: latencyOf(this.#mixed(({ answers }) => answers)),
      draftLatency: latencyOf(this.#mixed(({ after }) => after)),
    });
  }

  #teamOf({ teamId, teamName }: RunAgain): Sums {
    const key = this.#teams.has(teamId) || this.#teams.size < TEAMS_MAX ? teamId : REST;
    const team = this.#teams.get(key) ?? { name: key === REST ? "" : teamName, sums: new Sums() };
    this.#teams.set(key, team);
    return team.sums;
  }

  #moveOf(from: string, to: string): Sums {
    const key = `${from}\n${to}`;
    const isKept = this.#moves.has(key) || this.#moves.size < MOVES_MAX;
    const move = this.#moves.get(isKept ? key : REST) ?? { from, to, sums: new Sums() };
    this.#moves.set(isKept ? key : REST, isKept ? move : { ...move, from: REST, to: REST });
    return move.sums;
  }

  #modelOf(name: string): ModelRuns {
    const known = this.#models.get(name) ?? new ModelRuns();
    this.#models.set(name, known);
    return known;
  }

  /** Of requests with one attempt it is certain which model answered. */
  #addAnswer(model: string, attempts: readonly RecordedAttempt[]): void {
    const answer = attempts.length === 1 ? answerOf(attempts) : undefined;
    if (answer?.outcome !== "success") return;
    const runs = this.#modelOf(model);
    runs.answers += 1;
    runs.outputTokens += answer.outputTokens;
    if (answer.durationMs > 0) runs.durations.add(answer.durationMs);
  }

  #addParts(to: string, { actual, draft, moved }: CostAgain): void {
    if (moved) this.#cacheReads += moved.cacheReads > 0n ? moved.cacheReads : 0n;
    if (actual === undefined || draft === undefined) return;
    if (!moved) {
      this.#staying += draft;
      return;
    }
    const runs = this.#modelOf(to);
    runs.moved += 1;
    runs.withoutOutput += moved.withoutOutput;
    runs.outputRates += moved.outputRate;
  }

  #addDoubts({ unrecorded }: RunAgain, cost: CostAgain): void {
    const doubts = this.#doubts;
    if (cost.moved) doubts.otherAnswer += 1;
    if (cost.moved && cost.moved.cacheReads > 0n) doubts.cacheReads += 1;
    if (cost.isRetried) doubts.retried += 1;
    if (unrecorded.draw) doubts.drawn += 1;
    if (unrecorded.model) doubts.unseenModel += 1;
    if (unrecorded.hold) doubts.unaskedBudget += 1;
    if (unrecorded.budget) doubts.unseenBudget += 1;
    if (cost.isServedInstead) doubts.servedInstead += 1;
    if (cost.hasNoAnswer) doubts.noAnswer += 1;
    if (cost.isUnpriced) doubts.unpriced += 1;
  }

  #doubtsToWire(): BacktestDoubts {
    const counts = Object.fromEntries(Object.entries(this.#doubts).map(([name, count]) => [name, BigInt(count)]));
    return BacktestDoubts.fromPartial({
      ...counts,
      cacheReadsPicoUsd: this.#cacheReads.toString(),
      draftByUsualAnswersPicoUsd: this.#byUsualAnswers()?.toString() ?? "",
    });
  }

  /** What moves is answered as long as its new model usually answers. Undefined: of one too few answers are known. */
  #byUsualAnswers(): PicoUsd | undefined {
    let sum = this.#staying;
    for (const { moved, answers, withoutOutput, outputRates, outputTokens } of this.#models.values()) {
      if (moved === 0) continue;
      if (answers < ANSWERS_LEAST) return undefined;
      sum += withoutOutput + (outputRates * outputTokens) / BigInt(answers);
    }
    return sum;
  }

  /** All answers together, each model's as many as `weigh` says. Undefined: of one of them too few are known. */
  #mixed(weigh: (runs: ModelRuns) => number): Durations | undefined {
    const all = new Durations();
    for (const [name, runs] of this.#models) {
      const count = isRefusal(name) ? 0 : weigh(runs);
      if (count === 0) continue;
      if (runs.durations.total < ANSWERS_LEAST) return undefined;
      all.mix(runs.durations, count);
    }
    return all;
  }
}

class Sums {
  #requests = 0;
  #changed = 0;
  #refusedBefore = 0;
  #refusedAfter = 0;
  readonly #certainty = { exact: 0, estimated: 0, unknown: 0 };
  #compared = 0;
  #actual: PicoUsd = 0n;
  #draft: PicoUsd = 0n;
  #low: PicoUsd = 0n;
  #high: PicoUsd | undefined = 0n;
  #otherActual: PicoUsd = 0n;
  #otherDraft: PicoUsd = 0n;

  add({ before, after }: RunAgain, { certainty, isChanged, actual, draft, low, high }: CostAgain): void {
    this.#requests += 1;
    if (isChanged) this.#changed += 1;
    if ("refusalCode" in before) this.#refusedBefore += 1;
    if ("refusalCode" in after) this.#refusedAfter += 1;
    this.#certainty[certainty] += 1;
    if (actual === undefined || draft === undefined) {
      this.#otherActual += actual ?? 0n;
      this.#otherDraft += draft ?? 0n;
      return;
    }
    this.#compared += 1;
    this.#actual += actual;
    this.#draft += draft;
    this.#low += low ?? 0n;
    this.#high = high === undefined || this.#high === undefined ? undefined : this.#high + high;
  }

  toWire(): BacktestSums {
    const { exact, estimated, unknown } = this.#certainty;
    return BacktestSums.create({
      requests: BigInt(this.#requests),
      changed: BigInt(this.#changed),
      refusedBefore: BigInt(this.#refusedBefore),
      refusedAfter: BigInt(this.#refusedAfter),
      exact: BigInt(exact),
      estimated: BigInt(estimated),
      unknown: BigInt(unknown),
      compared: BigInt(this.#compared),
      actualPicoUsd: this.#actual.toString(),
      draftPicoUsd: this.#draft.toString(),
      draftLowPicoUsd: this.#low.toString(),
      draftHighPicoUsd: this.#high?.toString() ?? "",
      otherActualPicoUsd: this.#otherActual.toString(),
      otherDraftPicoUsd: this.#otherDraft.toString(),
    });
  }
}

function modelToWire(model: string, { before, after, answers, outputTokens, durations }: ModelRuns): BacktestModel {
  return BacktestModel.create({
    model,
    requestsBefore: BigInt(before),
    requestsAfter: BigInt(after),
    latency: latencyOf(durations),
    answers: BigInt(answers),
    outputTokens,
  });
}

function latencyOf(durations: Durations | undefined): BacktestLatency | undefined {
  if (!durations || durations.total === 0) return undefined;
  return { p50Ms: durations.quantile(0.5), p95Ms: durations.quantile(0.95) };
}

function isRefusal(name: string): boolean {
  return name.startsWith("refused: ");
}

function mostFirst(a: { sums: BacktestSums }, b: { sums: BacktestSums }): number {
  return Number(b.sums.requests - a.sums.requests);
}
