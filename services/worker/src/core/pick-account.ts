// Which of a provider's free accounts carries a call: in turn by weight, or for requests that have a session in common the same one
// each time, so that what the provider has cached of its prompt is found again.

export interface WeightedAccount {
  readonly id: string;
  /** At least 1. */
  readonly weight: number;
}

/** Whose turn it is. Kept for each model apart. */
export class Turns {
  /** By account id: how far each is ahead of (above 0) or behind its share. */
  readonly #credit = new Map<string, number>();

  /**
   * The next of these, smoothly by weight: of 5 and 1, every sixth call goes to the second, not the first five to one and then
   * one to the other. Those that are not asked about neither gain nor lose. Throws for an empty list.
   */
  next<Account extends WeightedAccount>(accounts: readonly Account[]): Account {
    let total = 0;
    let best: { account: Account; credit: number } | undefined;
    for (const account of accounts) {
      const credit = (this.#credit.get(account.id) ?? 0) + account.weight;
      this.#credit.set(account.id, credit);
      total += account.weight;
      if (!best || credit > best.credit) best = { account, credit };
    }
    if (!best) throw new Error("there is no account to pick from");
    this.#credit.set(best.account.id, best.credit - total);
    return best.account;
  }
}

/**
 * The account that a session prefers among these: over many sessions each gets its share by weight, and when one is left out only
 * its own sessions go elsewhere (rendezvous hashing). Throws for an empty list.
 */
export function preferredOf<Account extends WeightedAccount>(
  accounts: readonly Account[],
  sessionKey: string,
): Account {
  let best: { account: Account; score: number } | undefined;
  for (const account of accounts) {
    const score = -account.weight / Math.log(unitHash(`${account.id}\u0000${sessionKey}`));
    if (!best || score > best.score) best = { account, score };
  }
  if (!best) throw new Error("there is no account to pick from");
  return best.account;
}

/** FNV-1a with the last mixing of MurmurHash3, as a number between 0 and 1, both excluded. */
function unitHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return ((hash >>> 0) + 0.5) / 2 ** 32;
}
