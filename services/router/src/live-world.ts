// The world of one live decision: this process's memory of models, budgets, sessions and chance. It remembers what it answered,
// so that the decision can be explained and replayed.
import type { Clock } from "@waybill/domain";
import type { ModelFacts } from "@waybill/routes";
import type { BudgetFacts, DecisionInputs, HoldVerdict, ModelFacts as RecordedModel } from "@waybill/wire";
import type { IndexedBudget } from "./core/budget-index.ts";
import type { Draws } from "./core/draws.ts";
import { countsMoney } from "./core/limit-budgets.ts";
import { limitDefinition } from "./core/limit-definition.ts";
import type { LiveModels, ModelHealth } from "./core/live-models.ts";
import type { Question } from "./core/question.ts";
import type { LimitUse } from "./core/route/walk.ts";
import type { Sessions } from "./core/sessions.ts";
import type { ModelEntry } from "./core/snapshot.ts";
import type { BudgetView, Look, World } from "./core/world.ts";
import type { Till } from "./till.ts";

export interface LiveState {
  live: Pick<LiveModels, "health" | "admits" | "facts">;
  till: Till;
  clock: Clock;
  draws: Pick<Draws, "next">;
  sessions: Sessions;
}

/** Models in a record for conditions that look at all of them. */
const RECORDED_MODELS_MAX = 200;

export class LiveWorld implements World {
  readonly atMs: number;
  readonly #state: LiveState;
  readonly #question: Question;
  #route = "";
  readonly #nowMs: number;
  readonly #looked = new Map<string, RecordedModel>();
  readonly #budgets = new Map<string, IndexedBudget[]>();
  readonly #draws: Record<string, number> = {};
  readonly #holds: HoldVerdict[] = [];
  #sessionModel = "";
  #budgetFacts: BudgetFacts | undefined;

  constructor(state: LiveState, question: Question) {
    this.#state = state;
    this.#question = question;
    this.atMs = state.clock.unixMs();
    this.#nowMs = state.clock.monotonicMs();
  }

  on(route: string): void {
    this.#route = route;
  }

  draw(nodeId: string): number {
    const drawn = this.#state.draws.next(`${this.#question.attribution.organisationId}/${this.#route}/${nodeId}`);
    this.#draws[nodeId] = drawn;
    return drawn;
  }

  /** A model that is simply well is not remembered: a recorded world takes those it does not know for well. */
  look(entry: ModelEntry): Look {
    const known = this.#looked.get(entry.id);
    if (known) return known;
    const health = this.#state.live.health(entry.id, this.#nowMs);
    return isSimplyWell(health) ? health : this.#recordOf(entry);
  }

  admits(entry: ModelEntry): boolean {
    const record = this.#recordOf(entry);
    record.admitted = this.#state.live.admits(entry.id, this.#nowMs);
    return record.admitted;
  }

  budgets(entry: ModelEntry, limits: readonly LimitUse[]): BudgetView {
    const budgets = this.budgetsOf(entry, limits);
    return { isBudgeted: budgets.length > 0, hasHard: budgets.some(isHardMoney) };
  }

  /** Budgets and limit counters that an attempt at this model is held on. */
  budgetsOf(entry: ModelEntry, limits: readonly LimitUse[]): readonly IndexedBudget[] {
    const known = this.#budgets.get(entry.id);
    if (known && limits.length === 0) return known;
    const { till } = this.#state;
    const { attribution } = this.#question;
    const { provider, model } = entry;
    const matched = known ?? till.match(attribution, { route: this.#route, provider, model });
    this.#budgets.set(entry.id, matched);
    const all = limits.length === 0 ? matched : [...matched, ...limits.map((use) => this.limitBudget(use))];
    const record = this.#recordOf(entry);
    record.budgeted = all.length > 0;
    record.hardBudget = all.some(isHardMoney);
    return all;
  }

  limitBudget(use: LimitUse): IndexedBudget {
    return this.#state.till.limitBudget(limitDefinition(use, this.#question.attribution.organisationId, this.#route));
  }

  /** Of the models looked at whose providers want to be left alone, when the first may be asked again; 0: none does. */
  shortestPauseMs(): number {
    const paused = [...this.#looked.values()].filter(({ circuit }) => circuit === "rate_limited");
    const pauses = paused.map(({ id }) => this.#state.live.health(id, this.#nowMs).rateLimitedMs);
    return pauses.length === 0 ? 0 : Math.min(...pauses);
  }

  sessionModel(node: string): string {
    this.#sessionModel = this.#state.sessions.at(this.sessionKey(node), this.#nowMs);
    return this.#sessionModel;
  }

  sessionKey(node: string): string {
    const { attribution, sessionId } = this.#question;
    return [attribution.organisationId, attribution.keyId, this.#route, node, sessionId].join("\u0000");
  }

  budgetFacts(): BudgetFacts | undefined {
    const { till } = this.#state;
    const target = { route: this.#route, provider: "", model: "" };
    // Conditions speak of money.
    this.#budgetFacts = till.factsOf(till.match(this.#question.attribution, target).filter(countsMoney));
    return this.#budgetFacts;
  }

  modelFacts(): Readonly<Record<string, ModelFacts>> {
    const facts = this.#state.live.facts(this.#nowMs);
    for (const [id, { live, circuit, error_share, first_token_ms }] of Object.entries(facts)) {
      if (this.#looked.size >= RECORDED_MODELS_MAX) break;
      this.#looked.set(id, {
        ...{ id, live, circuit, errorShare: error_share, firstTokenMs: first_token_ms },
        ...UNASKED,
      });
    }
    return facts;
  }

  held(verdict: HoldVerdict): void {
    this.#holds.push(verdict);
  }

  /** What this decision was made from, for its record. */
  inputs(
    after: Pick<DecisionInputs, "resumeToken" | "failedAttempt" | "failureCode" | "retryAfterMs" | "otherAccount">,
  ): DecisionInputs {
    return {
      features: this.#question.features,
      allowedModels: [...this.#question.allowedModels],
      draws: this.#draws,
      budget: this.#budgetFacts,
      models: [...this.#looked.values()],
      holds: this.#holds,
      sessionModel: this.#sessionModel,
      atMs: BigInt(this.atMs),
      ...after,
    };
  }

  #recordOf(entry: ModelEntry): RecordedModel {
    const known = this.#looked.get(entry.id);
    if (known) {
      known.version = entry.version;
      return known;
    }
    const { live, circuit, rateLimitedMs, errorShare, firstTokenMs } = this.#state.live.health(entry.id, this.#nowMs);
    const record: RecordedModel = {
      id: entry.id,
      live,
      circuit: rateLimitedMs > 0 ? "rate_limited" : circuit,
      errorShare,
      firstTokenMs,
      ...UNASKED,
      version: entry.version,
    };
    this.#looked.set(entry.id, record);
    return record;
  }
}

function isSimplyWell({ live, circuit, rateLimitedMs, errorShare, firstTokenMs }: ModelHealth): boolean {
  return live && circuit === "closed" && rateLimitedMs === 0 && errorShare === 0 && firstTokenMs === 0;
}

/** A counter of requests or tokens asks for no price. */
function isHardMoney(budget: IndexedBudget): boolean {
  return budget.hard && countsMoney(budget);
}

const UNASKED = { version: 0, admitted: true, budgeted: false, hardBudget: false };
