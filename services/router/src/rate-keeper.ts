// Rate limits as a router keeps them: which of them a request meets, what is in hand of each, and one standing question to the budget
// service about everything that is needed next. A request waits for an answer only where nothing is in hand.
import type { Clock } from "@waybill/domain";
import type { AskRates, RateAnswers, RateRefusal, RateStanding } from "@waybill/wire";
import { BudgetIndex, type ScopeFacts, type ScopeTarget } from "./core/budget-index.ts";
import { PlaceHand } from "./core/place-hand.ts";
import { type CounterHand, type IndexedRateLimit, RateHand } from "./core/rate-hand.ts";
import { TemplateBudgets } from "./core/template-budgets.ts";

const ASK_EVERY_MS = 100;
const ASK_DEADLINE_MS = 1_000;
/** Of one question, as the budget service takes them. */
const ASKS_MAX = 10_000;
/** In memory; beyond it the one made first is forgotten, and with it what is in hand of it. */
const HANDS_MAX = 100_000;
/** An answer may go to others that came first; a request asks so often. */
const ROUNDS_MAX = 2;
const WAIT_MS_MAX = 30_000;
/** Attempts whose end is waited for; what the one begun first was taken for stands then. */
const RUNNING_MAX = 200_000;
/** One request waits for no more than that part of a bucket, so that others find room meanwhile; the rest is owed when it is over. */
const BUCKET_PARTS = 4;
const PLACE_RETRY_MS = 1_000;

export interface RateKeeperOptions {
  /** Undefined: nothing is known of it. */
  ask(asks: AskRates, deadlineMs: number): Promise<RateAnswers | undefined>;
  isServiceOpen(): boolean;
  clock: Clock;
  /** A text as hex of SHA-256. */
  hash(text: string): string;
  /** A request was counted without the budget service. */
  onAlone(): void;
}

/** What one attempt is counted on. */
export interface RateNeed {
  limits: readonly IndexedRateLimit[];
  teamId: string;
  /** What it will likely use, for limits of tokens. */
  tokens: number;
}

/** An attempt that runs, on its limits of tokens and of requests at a time. */
interface Running {
  need: RateNeed;
  ingressId: string;
  /** Then nothing of it will be heard any more. */
  untilMs: number;
}

export class RateKeeper {
  readonly #options: RateKeeperOptions;
  readonly #templates: TemplateBudgets<IndexedRateLimit>;
  readonly #hands = new Map<string, CounterHand>();
  /** Hands with something to say. */
  readonly #touched = new Set<CounterHand>();
  readonly #timer: NodeJS.Timeout;
  readonly #running = new Map<string, Running>();
  #index = new BudgetIndex<IndexedRateLimit>([]);
  /** The question that is out. */
  #asking: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: RateKeeperOptions) {
    this.#options = options;
    this.#templates = new TemplateBudgets(options.hash);
    this.#timer = setInterval(() => this.#round(), ASK_EVERY_MS).unref();
  }

  setLimits(limits: readonly IndexedRateLimit[]): void {
    this.#index = new BudgetIndex(limits);
  }

  /** Every counter that a request meets at this target. */
  match(facts: ScopeFacts, target: ScopeTarget): IndexedRateLimit[] {
    if (this.#index.size === 0) return [];
    const matched = this.#index.match(facts, target);
    return this.#templates.countedBy(matched, facts, this.#options.clock.monotonicMs());
  }

  /** One on each, or none. Undefined: taken. `wait`: somebody has to be asked, by `takeWaiting`. Counts as asked for. */
  take(need: RateNeed): RateRefusal | "wait" | undefined {
    const nowMs = this.#options.clock.monotonicMs();
    for (const limit of need.limits) {
      const hand = this.#handOf(limit, nowMs);
      hand.want(need.teamId, countOf(limit, need));
      this.#touched.add(hand);
    }
    return this.#takeNow(need, nowMs);
  }

  /** After `take` said `wait`. Waits at most `waitMs`, and then goes on alone: a limit that cannot be asked refuses nothing by that. */
  async takeWaiting(need: RateNeed, waitMs: number): Promise<RateRefusal | undefined> {
    const { clock, isServiceOpen } = this.#options;
    const endsAtMs = clock.monotonicMs() + waitMs;
    for (let round = 0; round < ROUNDS_MAX && isServiceOpen(); round += 1) {
      const nowMs = clock.monotonicMs();
      for (const limit of need.limits) {
        const [hand, count] = [this.#handOf(limit, nowMs), countOf(limit, need)];
        if (hand.waitMs(need.teamId, count, nowMs) === undefined) hand.waits(need.teamId, count);
      }
      await atMost(this.#askSoon(), endsAtMs - nowMs);
      const taken = this.#takeNow(need, clock.monotonicMs());
      if (taken !== "wait") return taken;
      if (clock.monotonicMs() >= endsAtMs) break;
    }
    return this.#takeAlone(need);
  }

  /** Nothing was sent: it can be used by others. */
  putBack(need: RateNeed): void {
    for (const limit of need.limits) this.#correct(limit, need.teamId, countOf(limit, need));
  }

  /** The attempt is sent; true: its end has to be told, by `ended`. `lifeMs`: what never ends is taken for over after that. */
  sent(attemptId: string, need: RateNeed, ingressId: string, lifeMs: number): boolean {
    const limits = need.limits.filter(({ unit }) => unit !== "requests");
    if (limits.length === 0) return false;
    const nowMs = this.#options.clock.monotonicMs();
    this.#running.set(attemptId, { need: { ...need, limits }, ingressId, untilMs: nowMs + lifeMs });
    this.#sweepRunning(nowMs);
    return true;
  }

  /**
   * Frees its places and corrects its tokens; undefined: nobody knows how many it were, and what was taken stands. Harmless the
   * second time.
   */
  ended(attemptId: string, tokens: number | undefined): void {
    const running = this.#running.get(attemptId);
    this.#running.delete(attemptId);
    if (!running) return;
    const { limits, teamId } = running.need;
    for (const limit of limits) {
      if (limit.unit === "concurrency") this.#correct(limit, teamId, 1);
      else if (tokens !== undefined) this.#correct(limit, teamId, countOf(limit, running.need) - tokens);
    }
    if (limits.some(({ unit }) => unit === "concurrency") && this.#options.isServiceOpen()) void this.#askSoon();
  }

  /** Nothing of what it asked for runs any more, as far as anybody can know. */
  ingressGone(ingressId: string): void {
    for (const [attemptId, running] of this.#running)
      if (running.ingressId === ingressId) this.ended(attemptId, undefined);
  }

  #sweepRunning(nowMs: number): void {
    for (const [attemptId, { untilMs }] of this.#running) {
      if (untilMs > nowMs && this.#running.size <= RUNNING_MAX) return;
      this.ended(attemptId, undefined);
    }
  }

  #correct(limit: IndexedRateLimit, teamId: string, count: number): void {
    const hand = this.#hands.get(limit.id);
    if (!hand) return;
    hand.putBack(teamId, count);
    this.#touched.add(hand);
  }

  /** The tightest limit of each unit, for the client. */
  standings(limits: readonly IndexedRateLimit[]): RateStanding[] {
    const nowMs = this.#options.clock.monotonicMs();
    const tightest = new Map<string, RateStanding>();
    for (const limit of limits) {
      const standing = this.#handOf(limit, nowMs).standing(nowMs);
      if (!standing) continue;
      const known = tightest.get(standing.unit);
      if (!known || standing.remaining < known.remaining) tightest.set(standing.unit, standing);
    }
    return [...tightest.values()];
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #handOf(limit: IndexedRateLimit, nowMs: number): CounterHand {
    const known = this.#hands.get(limit.id);
    if (known && (known.limit.unit === "concurrency") === (limit.unit === "concurrency")) {
      known.limit = limit;
      return known;
    }
    const hand = limit.unit === "concurrency" ? new PlaceHand(limit) : new RateHand(limit, nowMs);
    this.#hands.set(limit.id, hand);
    if (this.#hands.size > HANDS_MAX) {
      for (const [id, oldest] of this.#hands) {
        this.#hands.delete(id);
        this.#touched.delete(oldest);
        break;
      }
    }
    return hand;
  }

  #takeNow(need: RateNeed, nowMs: number): RateRefusal | "wait" | undefined {
    const { limits, teamId } = need;
    let [mustAsk, longest] = [false, 0];
    let refusing: IndexedRateLimit | undefined;
    for (const limit of limits) {
      const waitMs = this.#handOf(limit, nowMs).waitMs(teamId, countOf(limit, need), nowMs);
      if (waitMs === undefined) mustAsk = true;
      else if (waitMs > longest) [refusing, longest] = [limit, waitMs];
    }
    if (refusing) return refusalBy(refusing, longest);
    if (mustAsk) return "wait";
    for (const limit of limits) this.#handOf(limit, nowMs).take(teamId, countOf(limit, need));
    return undefined;
  }

  #takeAlone(need: RateNeed): RateRefusal | undefined {
    const { limits, teamId } = need;
    const nowMs = this.#options.clock.monotonicMs();
    this.#options.onAlone();
    const taken: IndexedRateLimit[] = [];
    for (const limit of limits) {
      const [hand, count] = [this.#handOf(limit, nowMs), countOf(limit, need)];
      if (!hand.takeAlone(teamId, count, nowMs)) {
        this.putBack({ ...need, limits: taken });
        return refusalBy(limit, hand.aloneWaitMs(count));
      }
      taken.push(limit);
    }
    return undefined;
  }

  #round(): void {
    this.#sweepRunning(this.#options.clock.monotonicMs());
    if (this.#touched.size > 0 && this.#options.isServiceOpen()) void this.#askSoon();
  }

  /** Resolves when the next question that is not out yet is answered, or cannot be. Everything of this turn goes with it. */
  #askSoon(): Promise<void> {
    this.#next ??= this.#askAfter(this.#asking);
    return this.#next;
  }

  async #askAfter(before: Promise<void> | undefined): Promise<void> {
    await before;
    await new Promise((resolve) => setImmediate(resolve));
    this.#asking = this.#ask();
    this.#next = undefined;
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const asks = [];
    const asked = new Map<string, CounterHand>();
    for (const hand of this.#touched) {
      if (asks.length >= ASKS_MAX) break;
      const ask = hand.ask(nowMs);
      if (!hand.isOpen) this.#touched.delete(hand);
      if (!ask) continue;
      asks.push(ask);
      asked.set(ask.counterId, hand);
    }
    if (asks.length === 0) return;
    const answers = await this.#options.ask({ asks }, ASK_DEADLINE_MS);
    const answeredMs = this.#options.clock.monotonicMs();
    for (const answer of answers?.answers ?? []) asked.get(answer.counterId)?.answered(answer, answeredMs);
  }
}

/** What one attempt takes of a limit. */
function countOf({ unit, burst }: IndexedRateLimit, { tokens }: RateNeed): number {
  return unit === "tokens" ? Math.min(tokens, Math.max(1, Math.floor(burst / BUCKET_PARTS))) : 1;
}

function refusalBy(limit: IndexedRateLimit, waitMs: number): RateRefusal {
  const { amount, perSeconds, unit, template, id } = limit;
  // A place may be free at any time; a client that asks all the time is not the first for that.
  const leastMs = unit === "concurrency" ? PLACE_RETRY_MS : 1;
  return {
    limitId: template?.templateId ?? id,
    amount: BigInt(amount),
    ...{ perSeconds, unit, waitMs: Math.min(WAIT_MS_MAX, Math.max(leastMs, Math.ceil(waitMs))) },
    ofTarget: isOfTarget(limit),
  };
}

/** It says something of what serves, not only of who asks. */
export function isOfTarget({ scope }: IndexedRateLimit): boolean {
  return scope.provider !== "" || scope.model !== "";
}

/** Waits for a promise, but not longer; the timer does not stay behind. */
export async function atMost(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, limitMs));
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
