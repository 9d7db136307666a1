// Double entry: where the money of one fact moves. Two postings that sum to zero, always.
import type { PicoUsd } from "@waybill/domain";
import type { UsageFact } from "./usage-fact.ts";

export interface Posting {
  account: string;
  /** Positive: debit. */
  amountPicoUsd: PicoUsd;
}

/**
 * What a priced fact costs is spent by a key of its team and owed to its provider. A fact without a price lies in suspense, with
 * amount 0 on both sides, until a price is known: its cost is unknown, not zero, and no spend account shows it.
 */
export function postingsOf(fact: UsageFact): readonly [Posting, Posting] {
  const { organisationId, teamId, keyId } = fact.attribution;
  const spender = [organisationId, teamId, keyId].map(accountPart).join("/");
  const provider = accountPart(fact.provider);
  if (!fact.priced) {
    return [
      { account: `suspense:${spender}`, amountPicoUsd: 0n },
      { account: `suspense:${provider}`, amountPicoUsd: 0n },
    ];
  }
  return [
    { account: `spend:${spender}`, amountPicoUsd: fact.costPicoUsd },
    { account: `payable:${provider}`, amountPicoUsd: -fact.costPicoUsd },
  ];
}

// Ids that hold the separators of account names must not end up in somebody else's account.
function accountPart(id: string): string {
  return /[%:/]/.test(id) ? id.replace(/[%:/]/g, (character) => `%${character.charCodeAt(0).toString(16)}`) : id;
}
