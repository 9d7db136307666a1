// What a router has of one counter of requests at a time, team by team: places in use, and places that were given and are not used yet.
// A place that becomes free goes back at once, so that whoever waits at another router finds it.
import type { AskRate, RateAnswer, RateStanding } from "@waybill/wire";
import type { CounterHand, IndexedRateLimit } from "./rate-hand.ts";

interface TeamPlaces {
  inUse: number;
  inHand: number;
  waiting: number;
  demand: number;
  emptyUntilMs: number;
  /** As it was said last. */
  saidOut: number;
}

/** While anything is out, it is said so often. */
const SAY_AGAIN_MS = 1_000;

export class PlaceHand implements CounterHand {
  limit: IndexedRateLimit;
  readonly #teams = new Map<string, TeamPlaces>();
  #askedMs = 0;
  #routers = 1;

  constructor(limit: IndexedRateLimit) {
    this.limit = limit;
  }

  want(teamId: string): void {
    this.#team(teamId).demand += 1;
  }

  waitMs(teamId: string, _count: number, nowMs: number): number | undefined {
    const team = this.#team(teamId);
    if (team.inHand >= 1) return 0;
    return team.emptyUntilMs > nowMs ? team.emptyUntilMs - nowMs : undefined;
  }

  take(teamId: string): void {
    const team = this.#team(teamId);
    team.inHand -= 1;
    team.inUse += 1;
  }

  /** The place is free. */
  putBack(teamId: string): void {
    const team = this.#team(teamId);
    team.inUse = Math.max(0, team.inUse - 1);
  }

  waits(teamId: string): void {
    this.#team(teamId).waiting += 1;
  }

  takeAlone(teamId: string): boolean {
    let inUse = 0;
    for (const team of this.#teams.values()) inUse += team.inUse;
    if (inUse >= Math.max(1, Math.floor(this.limit.amount / this.#routers))) return false;
    const team = this.#team(teamId);
    team.inHand = Math.max(0, team.inHand - 1);
    team.inUse += 1;
    return true;
  }

  /** Nobody knows when one becomes free. */
  aloneWaitMs(): number {
    return SAY_AGAIN_MS;
  }

  ask(nowMs: number): AskRate | undefined {
    const isTime = nowMs - this.#askedMs >= SAY_AGAIN_MS;
    const wants: AskRate["wants"] = [];
    for (const [teamId, team] of this.#teams) {
      // What was given for a request that did not come goes back.
      team.inHand = 0;
      const { waiting, demand, inUse, saidOut } = team;
      if (waiting + demand === 0 && inUse === saidOut && !(isTime && inUse > 0)) {
        if (inUse === 0 && team.emptyUntilMs <= nowMs) this.#teams.delete(teamId);
        continue;
      }
      [team.waiting, team.demand, team.saidOut] = [0, 0, inUse];
      wants.push({
        ...{ teamId, waiting: BigInt(waiting), ahead: 0n, demand: BigInt(demand) },
        ...{ back: 0n, least: 1n, out: BigInt(inUse) },
      });
    }
    if (isTime) this.#askedMs = nowMs;
    const { id: counterId, template } = this.limit;
    return wants.length === 0 ? undefined : { counterId, limitId: template?.templateId ?? counterId, wants };
  }

  answered({ given, routers }: RateAnswer, nowMs: number): void {
    this.#routers = Math.max(1, routers);
    for (const { teamId, given: part, waitMs } of given) {
      const team = this.#team(teamId);
      team.inHand += Number(part);
      team.saidOut += Number(part);
      team.emptyUntilMs = waitMs > 0 ? nowMs + waitMs : 0;
    }
  }

  get isOpen(): boolean {
    return this.#teams.size > 0;
  }

  /** No client knows a header for it. */
  standing(): RateStanding | undefined {
    return undefined;
  }

  #team(teamId: string): TeamPlaces {
    const known = this.#teams.get(teamId);
    if (known) return known;
    const team = { inUse: 0, inHand: 0, waiting: 0, demand: 0, emptyUntilMs: 0, saidOut: 0 };
    this.#teams.set(teamId, team);
    return team;
  }
}
