// One counter of a rate limit: a bucket that fills evenly, and how what is in it is shared out. Teams that want more than there is get
// max-min fair parts of what flows in: each team seen a moment ago has a credit of its own, filled before anything is common.

export interface RateRule {
  amount: number;
  perSeconds: number;
  /** The most that may be in the bucket, at least 1. */
  burst: number;
}

interface TeamState {
  /** Part of the bucket that only this team may take. */
  credit: number;
  /** What it asked for, counted down by DEMAND_MS: divided by that it is a rate. */
  demand: number;
  /** What its smallest request needed last: a smaller credit is of no use to it. */
  least: number;
  /** Unix milliseconds. */
  seenMs: number;
  servedMs: number;
}

/** As it is kept; JSON. */
export interface BucketState {
  /** Whoever comes may take it. Negative: more was used than was given. */
  common: number;
  /** Unix milliseconds of Postgres up to which it was filled. */
  atMs: number;
  teams: Record<string, TeamState>;
  /** When each router asked last. */
  routers: Record<string, number>;
}

export interface RateWanted {
  holder: string;
  teamId: string;
  waiting: number;
  ahead: number;
  demand: number;
  /** Negative: more was used than was given. */
  back: number;
  /** Of what waits, what the smallest request needs. */
  least: number;
  /** Of a counter of requests at a time: the places that this router has for this team now. */
  out: number;
}

export interface RatePart {
  given: number;
  /** Until there is enough for its smallest request; 0: there is now. */
  waitMs: number;
}

/** A team is remembered so long between its requests: a quiet one must not be forgotten while a loud one asks all the time. */
const TEAM_MEMORY_MS = 10_000;
const ROUTER_MEMORY_MS = 3_000;
const DEMAND_MS = 2_000;
/** A team's credit goes up to what it asks for in so long, and always to one. */
const CREDIT_MS = 500;
/** Of what is common, a router gets one in so many ahead: what lies with one router cannot be used by another. */
const AHEAD_PARTS = 20;
const TEAMS_MAX = 200;
const ROUTERS_MAX = 100;
const WAIT_MS_MAX = 30_000;

export function newBucket({ burst }: RateRule, nowMs: number): BucketState {
  return { common: burst, atMs: nowMs, teams: {}, routers: {} };
}

/** Everything in it, whoever's it is. */
export function levelOf({ common, teams }: BucketState): number {
  return Object.values(teams).reduce((sum, { credit }) => sum + credit, common);
}

/** Fills `state`, gives parts to all that want one, and changes it so; answers in the order of `wanted`. */
export function shareOut(
  state: BucketState,
  rule: RateRule,
  wanted: readonly RateWanted[],
  nowMs: number,
): readonly RatePart[] {
  const elapsedMs = Math.max(0, nowMs - state.atMs);
  state.atMs = Math.max(state.atMs, nowMs);
  forget(state, elapsedMs);
  const waiting = note(state, wanted);
  fill(state, rule, waiting, (elapsedMs * rule.amount) / (rule.perSeconds * 1_000));
  const parts = wanted.map((): RatePart => ({ given: 0, waitMs: 0 }));
  const order = wanted.map((_, n) => n);
  order.sort((a, b) => servedMs(state, wanted[a]) - servedMs(state, wanted[b]));
  for (const n of order) {
    const [want, part] = [wanted[n], parts[n]];
    if (want && part) part.given = take(state, want);
  }
  for (const [n, { teamId, ahead, waiting: own }] of wanted.entries()) {
    const part = parts[n];
    if (!part || part.given < own) continue;
    const more = Math.max(0, Math.min(ahead, Math.floor(state.common / AHEAD_PARTS)));
    state.common -= more;
    part.given += more;
    // A credit that it has in hand needs not be kept for it here, too.
    const team = state.teams[teamId];
    if (team && more > 0) team.servedMs = state.atMs;
  }
  return parts.map(({ given: of }, n) => ({ given: of, waitMs: waitMs(state, rule, wanted[n]?.teamId ?? "") }));
}

function servedMs({ teams }: BucketState, want: RateWanted | undefined): number {
  return (want && teams[want.teamId]?.servedMs) ?? 0;
}

function forget(state: BucketState, elapsedMs: number): void {
  const decay = Math.exp(-elapsedMs / DEMAND_MS);
  for (const [id, team] of Object.entries(state.teams)) {
    team.demand *= decay;
    if (state.atMs - team.seenMs <= TEAM_MEMORY_MS) continue;
    state.common += team.credit;
    delete state.teams[id];
  }
  for (const [id, seenMs] of Object.entries(state.routers)) {
    if (state.atMs - seenMs > ROUTER_MEMORY_MS) delete state.routers[id];
  }
}

/** Remembers who asks; what waits, by team. */
function note(state: BucketState, wanted: readonly RateWanted[]): Map<string, { count: number }> {
  const waiting = new Map<string, { count: number }>();
  for (const { holder, teamId, waiting: count, demand, back, least } of wanted) {
    if (Object.keys(state.routers).length < ROUTERS_MAX || state.routers[holder] !== undefined) {
      state.routers[holder] = state.atMs;
    }
    state.common += back;
    if (count + demand === 0) continue;
    const known = waiting.get(teamId);
    if (known) known.count += count;
    else waiting.set(teamId, { count });
    const team = state.teams[teamId] ?? newTeam(state, teamId);
    if (!team) continue;
    team.demand += demand;
    team.seenMs = state.atMs;
    if (count > 0) team.least = Math.max(1, least);
  }
  return waiting;
}

/** Undefined: there are too many; this one takes of what is common. */
function newTeam(state: BucketState, teamId: string): TeamState | undefined {
  if (Object.keys(state.teams).length >= TEAMS_MAX) return undefined;
  const team = { credit: 0, demand: 0, least: 1, seenMs: state.atMs, servedMs: 0 };
  state.teams[teamId] = team;
  return team;
}

/** What flows in goes to the teams that lack of their credit, the rest is common. */
function fill(
  state: BucketState,
  rule: RateRule,
  waiting: ReadonlyMap<string, { count: number }>,
  inFlow: number,
): void {
  const { burst } = rule;
  // What was used beyond what was given is paid first; nobody pays longer than a burst takes.
  state.common = Math.max(state.common, -burst);
  const debt = Math.min(inFlow, Math.max(0, -state.common));
  state.common += debt;
  let flow = inFlow - debt;
  const teams = Object.entries(state.teams).sort((a, b) => a[1].servedMs - b[1].servedMs);
  const wishes = teams.map(([id, { demand, least }]) => ({
    least,
    whole: Math.max(least, (demand * CREDIT_MS) / DEMAND_MS) + (waiting.get(id)?.count ?? 0),
  }));
  const targets = creditTargets(burst, wishes);
  const lacks = teams.map(([, team], n) => {
    const target = targets[n] ?? 0;
    state.common += Math.max(0, team.credit - target);
    team.credit = Math.min(team.credit, target);
    return target - team.credit;
  });
  const parts = maxMin(flow, lacks);
  let credits = 0;
  for (const [n, [, team]] of teams.entries()) {
    team.credit += parts[n] ?? 0;
    flow -= parts[n] ?? 0;
    credits += team.credit;
  }
  // Credits that nobody fetches never keep the last one from the others.
  state.common = Math.min(state.common + flow, Math.max(1, burst - credits));
}

/** How much of the bucket is kept for each team; the one not served for longest first, where there is not one for each. */
function creditTargets(burst: number, wishes: readonly { least: number; whole: number }[]): number[] {
  // A team alone shares with nobody.
  if (wishes.length < 2) return wishes.map(() => 0);
  let room = burst;
  const targets = wishes.map(({ least }) => {
    const target = least <= room ? least : 0;
    room -= target;
    return target;
  });
  const more = maxMin(
    room,
    wishes.map(({ whole }, n) => (targets[n] === 0 ? 0 : whole - (targets[n] ?? 0))),
  );
  return targets.map((target, n) => target + (more[n] ?? 0));
}

/** Fair parts of `amount`: nobody gets more than it lacks, and nobody less than another that gets more than its own. */
export function maxMin(amount: number, lacks: readonly number[]): number[] {
  const parts = lacks.map(() => 0);
  const order = lacks.map((_, n) => n).sort((a, b) => (lacks[a] ?? 0) - (lacks[b] ?? 0));
  let left = amount;
  for (const [place, n] of order.entries()) {
    const part = Math.min(lacks[n] ?? 0, left / (order.length - place));
    parts[n] = part;
    left -= part;
  }
  return parts;
}

/** Of its credit first; nothing where it would be of no use. */
function take(state: BucketState, { teamId, waiting: count, least }: RateWanted): number {
  const team = state.teams[teamId];
  // A little tolerance: what flows in is added up in floats.
  const given = Math.min(count, Math.floor((team?.credit ?? 0) + state.common + 1e-9));
  if (given <= 0 || given < Math.min(least, count)) return 0;
  const ofCredit = Math.min(given, team?.credit ?? 0);
  if (team) {
    team.credit -= ofCredit;
    team.servedMs = state.atMs;
  }
  state.common -= given - ofCredit;
  return given;
}

function waitMs(state: BucketState, { amount, perSeconds }: RateRule, teamId: string): number {
  const team = state.teams[teamId];
  const lacking = (team?.least ?? 1) - ((team?.credit ?? 0) + state.common);
  if (lacking <= 1e-9) return 0;
  const sharers = Math.max(1, Object.values(state.teams).filter(({ demand }) => demand >= 1).length);
  return Math.min(WAIT_MS_MAX, Math.max(1, Math.ceil((lacking * sharers * perSeconds * 1_000) / amount)));
}
