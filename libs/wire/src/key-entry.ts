// What KV waybill_keys says of a key, as text, and which of two says more. Writers may come in any order: revoked stays revoked, and
// of two changes the later one stays.

/** Revoked, or changed up to a revision: who knows an older one must ask again. */
export type KeyEntry = { state: "revoked" } | { state: "changed"; revision: bigint };

export function formatKeyEntry(entry: KeyEntry): string {
  if (entry.state === "revoked") return JSON.stringify({ state: "revoked" });
  return JSON.stringify({ state: "changed", revision: String(entry.revision) });
}

/** Undefined: nothing stands there, or nothing that we know. */
export function parseKeyEntry(text: string | undefined): KeyEntry | undefined {
  if (text === undefined) return undefined;
  try {
    const { state, revision } = JSON.parse(text) as { state?: unknown; revision?: unknown };
    if (state === "revoked") return { state };
    if (state !== "changed" || typeof revision !== "string" || !/^\d{1,18}$/.test(revision)) return undefined;
    return { state, revision: BigInt(revision) };
  } catch {
    return undefined;
  }
}

/** True: `entry` says something that `present` does not. */
export function saysMore(entry: KeyEntry, present: KeyEntry | undefined): boolean {
  if (present?.state === "revoked") return false;
  if (entry.state === "revoked" || !present) return true;
  return entry.revision > present.revision;
}
