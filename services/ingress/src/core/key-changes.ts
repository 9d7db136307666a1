// What has been told of virtual keys since they were asked for: revoked, or changed up to a revision. What was told is never taken
// back: a revoked key stays so, also while the bucket that said it is lost and made anew.
import { parseKeyEntry } from "@waybill/wire";

const decoder = new TextDecoder();

export class KeyChanges {
  readonly #revoked = new Set<string>();
  readonly #revisions = new Map<string, bigint>();

  /** Takes what stands under a key's id now; undefined: nothing. */
  put(keyId: string, value: Uint8Array | undefined): void {
    const entry = parseKeyEntry(value && decoder.decode(value));
    if (entry?.state === "revoked") {
      this.#revoked.add(keyId);
      // Nothing more can happen to it.
      this.#revisions.delete(keyId);
    } else if (entry && entry.revision > this.revisionOf(keyId)) this.#revisions.set(keyId, entry.revision);
  }

  isRevoked(keyId: string): boolean {
    return this.#revoked.has(keyId);
  }

  /** The last change that was told; 0: none was. */
  revisionOf(keyId: string): bigint {
    return this.#revisions.get(keyId) ?? 0n;
  }
}
