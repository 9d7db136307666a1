// Keys as the budget service told them: very many in little memory, the latest ones at hand.
import { VirtualKey } from "@waybill/wire";

export interface RememberedKey {
  /** Undefined: there was no such key. */
  key: VirtualKey | undefined;
  askedAtMs: number;
}

interface Kept {
  /** As on the wire, in bytes of their own: an object of that many parts takes ten times as much, and pins what it was read from. */
  bytes: Uint8Array | undefined;
  askedAtMs: number;
}

/** Beyond `keysMax` the one that was asked for first is forgotten. */
export class KeyMemory {
  readonly #kept = new Map<string, Kept>();
  /** Read already: those of the last requests. */
  readonly #atHand = new Map<string, VirtualKey>();
  readonly #keysMax: number;
  readonly #atHandMax: number;

  constructor(keysMax: number, atHandMax: number) {
    this.#keysMax = keysMax;
    this.#atHandMax = atHandMax;
  }

  put(keyId: string, key: VirtualKey | undefined, askedAtMs: number): void {
    this.#atHand.delete(keyId);
    this.#kept.delete(keyId);
    if (this.#kept.size >= this.#keysMax) this.#forgetOldest();
    this.#kept.set(keyId, { bytes: key && VirtualKey.encode(key).finish(), askedAtMs });
  }

  get(keyId: string): RememberedKey | undefined {
    const kept = this.#kept.get(keyId);
    if (!kept) return undefined;
    const { bytes, askedAtMs } = kept;
    return { key: bytes && (this.#atHand.get(keyId) ?? this.#read(keyId, bytes)), askedAtMs };
  }

  #read(keyId: string, bytes: Uint8Array): VirtualKey {
    const key = VirtualKey.decode(bytes);
    const [oldest] = this.#atHand.keys();
    if (this.#atHand.size >= this.#atHandMax && oldest !== undefined) this.#atHand.delete(oldest);
    this.#atHand.set(keyId, key);
    return key;
  }

  #forgetOldest(): void {
    const [oldest] = this.#kept.keys();
    if (oldest === undefined) return;
    this.#kept.delete(oldest);
    this.#atHand.delete(oldest);
  }
}
