// Which arm of a split a request takes: by a draw, or by the value of a key, which then always goes the same way.
import type { SplitArm } from "./compiled-route.ts";

/** The arm in whose part of the line from 0 to 1 the draw falls. */
export function armByDraw(arms: readonly SplitArm[], draw: number): number {
  let above = draw * 100;
  for (let index = 0; index < arms.length; index += 1) {
    above -= arms[index]?.percent ?? 0;
    if (above < 0) return index;
  }
  return lastWithShare(arms);
}

/** Rounding may leave a draw just below 1 without an arm. */
function lastWithShare(arms: readonly SplitArm[]): number {
  return arms.findLastIndex(({ percent }) => percent > 0);
}

/**
 * Weighted rendezvous hashing: each arm gets a number from its hash with the value and its share, the largest wins. Raising an
 * arm's share can only raise its own number, so whoever is in it stays; lowering another's only lets its own go. Arms are told
 * apart by the node they lead to, so their order means nothing.
 * Source: Thaler and Ravishankar, "A name-based mapping scheme for rendezvous" (1996); weights by -w / ln(hash).
 */
export function armByKey(arms: readonly SplitArm[], salt: string, value: string): number {
  let best = -1;
  let bestScore = -1;
  for (let index = 0; index < arms.length; index += 1) {
    const arm = arms[index];
    if (!arm || arm.percent === 0) continue;
    const score = -arm.percent / Math.log(unitHash(`${salt}\u0000${arm.next.id}\u0000${value}`));
    if (score > bestScore) {
      bestScore = score;
      best = index;
    }
  }
  return best;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 units, mixed so that texts that differ in one place are far apart; open interval from 0 to 1. */
export function unitHash(text: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  const low = mix(hash ^ text.length);
  const high = mix(low ^ hash);
  return ((high & 0x1fffff) * 0x1_0000_0000 + low + 1) / (0x20_0000_0000_0000 + 2);
}

/** The finaliser of MurmurHash3 (public domain): every bit in changes half of the bits out. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
