// Splits as outputs named by their percentage: each percentage once, and at most five of them.
import type { RouteNode, SplitNode, SplitShare } from "../../document/route-document.ts";
import { unusedId } from "../node-ids.ts";
import type { Notes } from "../notes.ts";
import { CLOUDFLARE_OUTPUTS_MAX } from "../route-shape.ts";
import { withoutUnreached } from "../take-out.ts";

/** `hasElse`: the last share is not named by its percentage. */
export function fitSplits(nodes: readonly RouteNode[], hasElse: boolean, notes: Notes): RouteNode[] {
  const fitter = new Fitter(nodes, hasElse, notes);
  const fitted = nodes.flatMap((node): RouteNode[] => (node.kind === "split" ? fitter.fit(node) : [node]));
  return fitter.hasLeftOut ? withoutUnreached(fitted, notes) : fitted;
}

class Fitter {
  hasLeftOut = false;
  readonly #taken: Set<string>;
  readonly #hasElse: boolean;
  readonly #notes: Notes;

  constructor(nodes: readonly RouteNode[], hasElse: boolean, notes: Notes) {
    this.#taken = new Set(nodes.map(({ id }) => id));
    this.#hasElse = hasElse;
    this.#notes = notes;
  }

  fit(split: SplitNode): SplitNode[] {
    if (this.#fits(split.shares)) return [split];
    const shares = split.shares.filter(({ percent }) => percent > 0);
    if (shares.length < split.shares.length) {
      this.hasLeftOut = true;
      this.#notes.warn(split.id, "shares", "of 0 percent are left out");
    }
    return this.#divide({ ...split, shares });
  }

  #fits(shares: readonly SplitShare[]): boolean {
    const named = this.#hasElse ? shares.slice(0, -1) : shares;
    return (
      shares.length <= CLOUDFLARE_OUTPUTS_MAX && new Set(named.map(({ percent }) => percent)).size === named.length
    );
  }

  #divide(split: SplitNode): SplitNode[] {
    if (this.#fits(split.shares)) return [split];
    const distinct = makeDistinct(split.shares, this.#hasElse);
    if (distinct && distinct.length <= CLOUDFLARE_OUTPUTS_MAX) {
      this.#notes.warn(
        split.id,
        "shares",
        "of the same percentage are written in two parts, as each may stand there once",
      );
      return [{ ...split, shares: distinct }];
    }
    return this.#nest(split);
  }

  /** Two halves, each a split of its own. */
  #nest(split: SplitNode): SplitNode[] {
    const { shares } = split;
    const half = Math.ceil(shares.length / 2);
    const halves = [shares.slice(0, half), shares.slice(half)].map((part) => this.#part(split, part));
    this.#notes.warn(
      split.id,
      "shares",
      `are written as splits inside each other, as at most ${CLOUDFLARE_OUTPUTS_MAX} may stand in one`,
    );
    const outer = this.#divide({ ...split, shares: halves.map(({ share }) => share) });
    return [...outer, ...halves.flatMap(({ nodes }) => nodes)];
  }

  #part(split: SplitNode, part: readonly SplitShare[]): { share: SplitShare; nodes: SplitNode[] } {
    const sum = hundredths(part.reduce((total, { percent }) => total + percent, 0));
    const [only] = part;
    if (only && part.length === 1) return { share: only, nodes: [] };
    const id = unusedId(split.id, this.#taken);
    this.#taken.add(id);
    const scaled = part.map(({ percent }) => Math.round((hundredths(percent) * 10_000) / sum));
    const excess = scaled.reduce((total, share) => total + share, 0) - 10_000;
    // What rounding leaves over goes to the largest, which feels it least.
    const largest = scaled.indexOf(Math.max(...scaled));
    const shares = part.map(({ next }, index) => {
      const share = (scaled[index] ?? 0) - (index === largest ? excess : 0);
      return { percent: share / 100, next };
    });
    if (
      part.some(({ percent }, index) => hundredths(percent) * 10_000 !== hundredths(shares[index]?.percent ?? 0) * sum)
    ) {
      this.#notes.warn(split.id, "shares", "are rounded to hundredths of a percent of their part");
    }
    return { share: { percent: sum / 100, next: id }, nodes: this.fit({ ...split, id, shares }) };
  }
}

/** Equal shares cut into two different ones with the same target; undefined where there is no room left. */
function makeDistinct(shares: readonly SplitShare[], hasElse: boolean): SplitShare[] | undefined {
  const used = new Set<number>();
  const waiting = new Map<SplitShare, number>();
  shares.forEach((share, index) => {
    const size = hundredths(share.percent);
    const isElse = hasElse && index === shares.length - 1;
    if (!isElse && used.has(size)) waiting.set(share, size);
    else if (!isElse) used.add(size);
  });
  const result: SplitShare[] = [];
  for (const share of shares) {
    const size = waiting.get(share);
    if (size === undefined) {
      result.push(share);
      continue;
    }
    const small = [...smallParts(size)].find((part) => part * 2 !== size && !used.has(part) && !used.has(size - part));
    if (small === undefined) return undefined;
    used.add(small).add(size - small);
    result.push({ percent: (size - small) / 100, next: share.next }, { percent: small / 100, next: share.next });
  }
  return result;
}

/** Whole percents first: they read better. */
function* smallParts(size: number): Generator<number> {
  for (let part = 100; part * 2 < size; part += 100) yield part;
  for (let part = 1; part * 2 < size; part += 1) yield part;
}

function hundredths(percent: number): number {
  return Math.round(percent * 100);
}
