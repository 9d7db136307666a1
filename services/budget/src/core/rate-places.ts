// One counter of requests at a time: places that routers have out, as each says of itself. Of teams that want more than there is, none may
// take the last places while another has less than its part.
import type { RatePart, RateWanted } from "./rate-bucket.ts";

/** As it is kept; JSON. */
export interface PlacesState {
  holders: Record<string, { seenMs: number; out: Record<string, number> }>;
  /** When each team asked last. */
  teams: Record<string, number>;
  atMs: number;
}

/** A router that runs anything says so every second; one that is silent for so long is gone, and its places with it. */
const HOLDER_MEMORY_MS = 5_000;
const TEAM_MEMORY_MS = 10_000;
const TEAMS_MAX = 200;
const AHEAD_PARTS = 20;
/** Nobody knows when a place becomes free: ask again then. */
const WAIT_MS = 100;

export function noPlacesOut(nowMs: number): PlacesState {
  return { holders: {}, teams: {}, atMs: nowMs };
}

export function placesOut({ holders }: PlacesState): number {
  return Object.values(holders).reduce((sum, { out }) => sum + sumOf(out), 0);
}

/** Gives places of `amount` in all, and changes `state` so; answers in the order of `wanted`. */
export function sharePlaces(
  state: PlacesState,
  amount: number,
  wanted: readonly RateWanted[],
  nowMs: number,
): readonly RatePart[] {
  state.atMs = Math.max(state.atMs, nowMs);
  forget(state);
  for (const want of wanted) note(state, want);
  return wanted.map((want) => {
    const free = amount - placesOut(state);
    const mayTake = mostFor(state, amount, want.teamId, free);
    const part = Math.min(want.waiting, mayTake);
    const more = part < want.waiting ? 0 : Math.min(want.ahead, Math.floor((mayTake - part) / AHEAD_PARTS));
    const holder = state.holders[want.holder];
    if (holder && part + more > 0) holder.out[want.teamId] = (holder.out[want.teamId] ?? 0) + part + more;
    return { given: part + more, waitMs: mayTake - part - more >= 1 ? 0 : WAIT_MS };
  });
}

function forget(state: PlacesState): void {
  for (const [id, { seenMs }] of Object.entries(state.holders)) {
    if (state.atMs - seenMs > HOLDER_MEMORY_MS) delete state.holders[id];
  }
  for (const [id, seenMs] of Object.entries(state.teams)) {
    if (state.atMs - seenMs > TEAM_MEMORY_MS) delete state.teams[id];
  }
}

/** What a router says of itself is so, whatever it was given before. */
function note(state: PlacesState, { holder, teamId, waiting, demand, out }: RateWanted): void {
  const known = state.holders[holder] ?? { seenMs: 0, out: {} };
  state.holders[holder] = known;
  known.seenMs = state.atMs;
  if (out > 0) known.out[teamId] = out;
  else delete known.out[teamId];
  const isNew = state.teams[teamId] === undefined;
  if (waiting + demand > 0 && (!isNew || Object.keys(state.teams).length < TEAMS_MAX)) state.teams[teamId] = state.atMs;
}

/** Up to its part whatever is free, beyond it all but a place for each other team that asked a moment ago and has less than its part. */
function mostFor(state: PlacesState, amount: number, teamId: string, free: number): number {
  const others = Object.keys(state.teams).filter((id) => id !== teamId);
  const part = Math.floor(amount / (others.length + 1));
  const kept = part === 0 ? 0 : others.filter((id) => teamOut(state, id) < part).length;
  return Math.max(0, Math.min(free, part - teamOut(state, teamId)), free - kept);
}

function teamOut({ holders }: PlacesState, teamId: string): number {
  return Object.values(holders).reduce((sum, { out }) => sum + (out[teamId] ?? 0), 0);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
