// Double entry: between which accounts the cost of one fact moves.
import type { UsageFact } from "./usage-fact.ts";

/** Names of accounts. */
export interface Accounts {
  debit: string;
  credit: string;
}

/**
 * What a priced fact costs is spent by a key of its team and owed to its provider. A fact without a price lies in suspense, where
 * nothing moves until a price is known: its cost is unknown, not zero, and no spend account shows it.
 */
export function accountsOf(fact: UsageFact): Accounts {
  const { organisationId, teamId, keyId } = fact.attribution;
  const spender = `${accountPart(organisationId)}/${accountPart(teamId)}/${accountPart(keyId)}`;
  const provider = accountPart(fact.provider);
  return fact.priced
    ? { debit: `spend:${spender}`, credit: `payable:${provider}` }
    : { debit: `suspense:${spender}`, credit: `suspense:${provider}` };
}

// Ids that hold the separators of account names must not end up in somebody else's account.
function accountPart(id: string): string {
  return /[%:/]/.test(id) ? id.replace(/[%:/]/g, (character) => `%${character.charCodeAt(0).toString(16)}`) : id;
}
