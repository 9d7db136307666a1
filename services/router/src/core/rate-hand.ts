// What a router has in hand of one counter of a rate limit, team by team: parts that were given and not used yet, what waits, and what
// to ask for next. While nobody can be asked it goes on with its own part of the whole.
import type { AskRate, RateAnswer, RateStanding } from "@waybill/wire";
import type { BudgetScope, TemplateField } from "./budget-index.ts";
import type { TemplateCounter } from "./credit.ts";

export interface IndexedRateLimit {
  id: string;
  name: string;
  scope: BudgetScope;
  per?: TemplateField;
  /** Set for a template's counter. */
  template?: TemplateCounter;
  unit: string;
  amount: number;
  perSeconds: number;
  burst: number;
}

/** What a router has in hand of one counter, whatever it counts. `count`: what one request needs. */
export interface CounterHand {
  limit: IndexedRateLimit;
  want(teamId: string, count: number): void;
  waitMs(teamId: string, count: number, nowMs: number): number | undefined;
  take(teamId: string, count: number): void;
  putBack(teamId: string, count: number): void;
  waits(teamId: string, count: number): void;
  takeAlone(teamId: string, count: number, nowMs: number): boolean;
  aloneWaitMs(count: number): number;
  ask(nowMs: number): AskRate | undefined;
  answered(answer: RateAnswer, nowMs: number): void;
  readonly isOpen: boolean;
  standing(nowMs: number): RateStanding | undefined;
}

interface TeamHand {
  /** Negative: more was used than was given. */
  inHand: number;
  /** Asked for since the last question, refused or not. */
  demand: number;
  waiting: number;
  /** What the smallest request that waits needs; 0: none waits. */
  least: number;
  /** Asked for in a millisecond, smoothed. */
  ratePerMs: number;
  /** Nothing is asked for before that: there is none. */
  emptyUntilMs: number;
}

/** Parts are for the time until the next answer; what is in hand longer goes back. */
const AHEAD_MS = 250;
const SMOOTHING_MS = 500;

export class RateHand implements CounterHand {
  limit: IndexedRateLimit;
  readonly #teams = new Map<string, TeamHand>();
  #askedMs: number;
  /** As it was told last, with what was in it then. */
  #level: number;
  #toldMs: number;
  #routers = 1;
  #alone: { level: number; atMs: number } | undefined;

  constructor(limit: IndexedRateLimit, nowMs: number) {
    this.limit = limit;
    this.#level = limit.burst;
    this.#toldMs = nowMs;
    this.#askedMs = nowMs;
  }

  /** Counts what one request needs as asked for; once for each request. */
  want(teamId: string, count: number): void {
    this.#team(teamId).demand += count;
  }

  /** Milliseconds until there is room; 0: it is in hand; undefined: that has to be asked. */
  waitMs(teamId: string, count: number, nowMs: number): number | undefined {
    const team = this.#team(teamId);
    if (team.inHand >= count) return 0;
    return team.emptyUntilMs > nowMs ? team.emptyUntilMs - nowMs : undefined;
  }

  take(teamId: string, count: number): void {
    this.#team(teamId).inHand -= count;
  }

  /** Negative: more was used than was taken. */
  putBack(teamId: string, count: number): void {
    this.#team(teamId).inHand += count;
  }

  /** It waits for the next answer. */
  waits(teamId: string, count: number): void {
    const team = this.#team(teamId);
    team.waiting += count;
    team.least = team.least === 0 ? count : Math.min(team.least, count);
  }

  /** Of this router's own part of the whole; false: it is used up, too. */
  takeAlone(teamId: string, count: number, nowMs: number): boolean {
    const team = this.#team(teamId);
    if (team.inHand >= count) {
      team.inHand -= count;
      return true;
    }
    const { amount, perSeconds, burst } = this.limit;
    const most = Math.max(count, burst / this.#routers);
    const alone = this.#alone ?? { level: most, atMs: nowMs };
    const flow = ((nowMs - alone.atMs) * amount) / (perSeconds * 1_000 * this.#routers);
    const level = Math.min(most, alone.level + flow);
    const isThere = level >= count;
    this.#alone = { level: isThere ? level - count : level, atMs: nowMs };
    return isThere;
  }

  /** How long until its own part has room again. */
  aloneWaitMs(count: number): number {
    const { amount, perSeconds } = this.limit;
    return Math.ceil((count * perSeconds * 1_000 * this.#routers) / amount);
  }

  /** The next question; undefined: nothing has to be said. What goes back is out of hand with it. */
  ask(nowMs: number): AskRate | undefined {
    const sinceMs = Math.max(1, nowMs - this.#askedMs);
    this.#askedMs = nowMs;
    const wants: AskRate["wants"] = [];
    for (const [teamId, team] of this.#teams) {
      const share = Math.min(1, sinceMs / SMOOTHING_MS);
      team.ratePerMs += share * (team.demand / sinceMs - team.ratePerMs);
      const soon = Math.floor(team.ratePerMs * AHEAD_MS);
      // Where there is none, more than what waits is not asked for.
      const isShort = team.emptyUntilMs > nowMs;
      const ahead = !isShort && team.demand > 0 && team.inHand < soon / 2 ? soon - team.inHand : 0;
      const kept = team.demand === 0 && team.waiting === 0 ? 0 : 2 * soon + 1;
      const back = team.inHand < 0 ? team.inHand : Math.max(0, team.inHand - kept);
      const { waiting, demand, least } = team;
      if (waiting + demand === 0 && back === 0) {
        // A team that nobody hears of any more.
        if (team.inHand === 0 && team.emptyUntilMs <= nowMs && soon === 0) this.#teams.delete(teamId);
        continue;
      }
      team.inHand -= back;
      [team.waiting, team.demand, team.least] = [0, 0, 0];
      wants.push({
        ...{ teamId, waiting: BigInt(waiting), ahead: BigInt(ahead) },
        ...{ demand: BigInt(demand), back: BigInt(back), least: BigInt(least), out: 0n },
      });
    }
    const { id: counterId, template } = this.limit;
    return wants.length === 0 ? undefined : { counterId, limitId: template?.templateId ?? counterId, wants };
  }

  answered({ given, level, routers }: RateAnswer, nowMs: number): void {
    [this.#level, this.#toldMs, this.#routers] = [Number(level), nowMs, Math.max(1, routers)];
    this.#alone = undefined;
    for (const { teamId, given: part, waitMs } of given) {
      const team = this.#team(teamId);
      team.inHand += Number(part);
      team.emptyUntilMs = waitMs > 0 ? nowMs + waitMs : 0;
    }
  }

  /** True while something is in hand or known that will have to be said or forgotten. */
  get isOpen(): boolean {
    return this.#teams.size > 0;
  }

  standing(nowMs: number): RateStanding {
    const { unit, amount, perSeconds, burst } = this.limit;
    const flow = ((nowMs - this.#toldMs) * amount) / (perSeconds * 1_000);
    let inHand = 0;
    for (const team of this.#teams.values()) inHand += team.inHand;
    const left = Math.min(burst, (this.#alone?.level ?? this.#level) + inHand + flow);
    return {
      unit,
      limit: BigInt(amount),
      remaining: BigInt(Math.max(0, Math.min(amount, Math.floor(left)))),
      resetMs: Math.min(86_400_000, Math.ceil(((burst - left) * perSeconds * 1_000) / amount)),
    };
  }

  #team(teamId: string): TeamHand {
    const known = this.#teams.get(teamId);
    if (known) return known;
    const team = { inHand: 0, demand: 0, waiting: 0, least: 0, ratePerMs: 0, emptyUntilMs: 0 };
    this.#teams.set(teamId, team);
    return team;
  }
}
