// One audit log out of two: the router's and the budget service's, newest first, page by page.
import type { AuditEntry } from "@waybill/wire";

/** Where a page ended in each log: entries with a lower id come next. Empty: at the newest. */
export interface AuditPlace {
  routing: string;
  accounts: string;
}

/** An entry and whose log it stands in. */
export interface MergedEntry {
  log: keyof AuditPlace;
  entry: AuditEntry;
}

export interface MergedPage {
  entries: MergedEntry[];
  /** Undefined: both logs are at their end. */
  next: AuditPlace | undefined;
}

/**
 * Merges a page of each log, as they came from `place`. A log's page may be short although there is more (its entries are large), so
 * nothing older than its last entry is shown before that log has been asked again; only an empty page says that it is at its end.
 */
export function mergeAudit(
  pages: Readonly<Record<keyof AuditPlace, readonly AuditEntry[]>>,
  place: AuditPlace,
  limit: number,
): MergedPage {
  const { routing, accounts } = pages;
  const entries: MergedEntry[] = [];
  let [r, a] = [0, 0];
  while (entries.length < limit) {
    const [fromRouting, fromAccounts] = [routing[r], accounts[a]];
    if (!fromRouting && (routing.length > 0 || !fromAccounts)) break;
    if (!fromAccounts && accounts.length > 0) break;
    if (fromRouting && (!fromAccounts || fromRouting.atMs >= fromAccounts.atMs)) {
      entries.push({ log: "routing", entry: fromRouting });
      r += 1;
    } else if (fromAccounts) {
      entries.push({ log: "accounts", entry: fromAccounts });
      a += 1;
    }
  }
  const isAtEnd = routing.length === 0 && accounts.length === 0;
  const next = { routing: routing[r - 1]?.id ?? place.routing, accounts: accounts[a - 1]?.id ?? place.accounts };
  return { entries, next: isAtEnd ? undefined : next };
}

/** A place as text. 0 stands for the newest, as no entry has that id. */
export function cursorOf({ routing, accounts }: AuditPlace): string {
  return `${routing || "0"}.${accounts || "0"}`;
}

/** Empty text: the newest. */
export function placeOf(cursor: string): AuditPlace {
  const [routing = "", accounts = ""] = cursor.split(".");
  return { routing: routing === "0" ? "" : routing, accounts: accounts === "0" ? "" : accounts };
}
