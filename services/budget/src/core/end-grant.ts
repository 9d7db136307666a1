// How a grant ends: its holder closes it and names the total, or nothing more can come from it and it is reaped.
import { type Books, changeGrant, restOfGrant } from "./books.ts";
import type { Answer, CloseGrant, ReapGrant } from "./operation.ts";

/**
 * Returns what was never debited. Lines that are still on their way stay counted: the cap becomes the named total.
 * Only the first closing counts.
 */
export function closeGrant(books: Books, closing: CloseGrant): Answer {
  const grant = books.grants.get(closing.grantId);
  if (!grant) {
    books.contradictions.push({ what: "closing_unknown_grant", grantId: closing.grantId });
    return { kind: "done", changed: false };
  }
  if (grant.state !== "open") {
    if (grant.state === "reaped" && closing.debitedPicoUsd > grant.debitedPicoUsd) {
      books.contradictions.push({ what: "closing_after_reap", grantId: closing.grantId });
    }
    return { kind: "done", changed: false };
  }
  changeGrant(books, grant, () => {
    grant.state = "closed";
    grant.capPicoUsd = closing.debitedPicoUsd;
  });
  if (grant.debitedPicoUsd > grant.capPicoUsd)
    books.contradictions.push({ what: "grant_overdrawn", grantId: grant.grantId });
  return { kind: "done", changed: true };
}

/** Returns the whole rest of a grant whose last possible hold has ended. Too early, nothing happens. */
export function reapGrant(books: Books, { grantId }: ReapGrant, nowMs: number): Answer {
  const grant = books.grants.get(grantId);
  if (!grant || restOfGrant(grant) === 0n || nowMs < grant.lastHoldEndsAtMs) return { kind: "done", changed: false };
  changeGrant(books, grant, () => {
    grant.state = "reaped";
    grant.capPicoUsd = grant.debitedPicoUsd;
  });
  return { kind: "done", changed: true };
}
