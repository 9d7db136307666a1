// Key or token -> account. The budget service is asked the first time a key is seen; the answer is remembered, and KV waybill_keys
// says within a second when a key is revoked or has changed. Cut off from NATS nobody is served, so no stale key passes.
import { createHash, timingSafeEqual } from "node:crypto";
import { type Clock, type PresentedKey, parseVirtualKey, WaybillError } from "@waybill/domain";
import type { VirtualKey } from "@waybill/wire";
import type { KeyChanges } from "../core/key-changes.ts";
import { KeyMemory } from "../core/key-memory.ts";
import type { Authenticate } from "../ports.ts";

export interface AuthenticateOptions {
  /** Undefined: there is no such key. Throws WaybillError accounts_unavailable. */
  findKey(keyId: string): Promise<VirtualKey | undefined>;
  changes: Pick<KeyChanges, "isRevoked" | "revisionOf">;
  isConnected(): boolean;
  /** Undefined: no issuer of tokens is set. Throws WaybillError: invalid_api_key, accounts_unavailable. */
  verifyToken: ((token: string) => Promise<VirtualKey>) | undefined;
  cacheMs: number;
  clock: Clock;
}

/** Three parts in base64url: RFC 7519, section 3. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const REMEMBERED_MAX = 100_000;
const AT_HAND_MAX = 2_000;
/** A key that does not exist is asked for again soon: it may be made any moment. */
const UNKNOWN_CACHE_MS = 2_000;
/** An answer may be on its way while the key changes. */
const ASK_TRIES_MAX = 3;

/** Makes the check. What it throws never says which part of the key was wrong. */
export function makeAuthenticate(options: AuthenticateOptions): Authenticate {
  const remembered = new KeyMemory(REMEMBERED_MAX, AT_HAND_MAX);
  const asking = new Map<string, Promise<VirtualKey | undefined>>();

  const ask = (keyId: string): Promise<VirtualKey | undefined> => {
    const running = asking.get(keyId);
    if (running) return running;
    const asked = options
      .findKey(keyId)
      .then((key) => {
        remembered.put(keyId, key, options.clock.monotonicMs());
        return key;
      })
      .finally(() => asking.delete(keyId));
    asking.set(keyId, asked);
    return asked;
  };

  /** No answer from before a change that we were told of. */
  const askAnew = async (keyId: string): Promise<VirtualKey | undefined> => {
    for (let tries = 1; tries <= ASK_TRIES_MAX; tries += 1) {
      const key = await ask(keyId);
      if (!key || !isOutdated(key)) return key;
    }
    throw new WaybillError("accounts_unavailable", { detail: "the answer is older than a change that was told" });
  };
  const isOutdated = ({ keyId, revision }: VirtualKey): boolean => revision < options.changes.revisionOf(keyId);

  const find = async (keyId: string): Promise<VirtualKey | undefined> => {
    const known = remembered.get(keyId);
    if (!known || (known.key && isOutdated(known.key))) return askAnew(keyId);
    const ageMs = options.clock.monotonicMs() - known.askedAtMs;
    if (!known.key) return ageMs < UNKNOWN_CACHE_MS ? undefined : ask(keyId);
    // An old answer still serves while a new one is fetched; the budget service may be away.
    if (ageMs > options.cacheMs) ask(keyId).catch(() => {});
    return known.key;
  };

  /** A secret that does not fit may be newer than our answer: asked again, but not by every guess. */
  const findFor = async ({ keyId, secret }: PresentedKey): Promise<VirtualKey | undefined> => {
    const key = await find(keyId);
    if (!key || isSecretOf(secret, key, options.clock.unixMs())) return key;
    const ageMs = options.clock.monotonicMs() - (remembered.get(keyId)?.askedAtMs ?? 0);
    return ageMs < UNKNOWN_CACHE_MS ? key : askAnew(keyId);
  };

  return async (presented) => {
    const parsed = presented === undefined ? undefined : parseVirtualKey(presented);
    if (!parsed && options.verifyToken && presented !== undefined && TOKEN.test(presented)) {
      if (!options.isConnected()) throw new WaybillError("bus_unavailable");
      return options.verifyToken(presented);
    }
    if (!parsed) {
      throw new WaybillError("invalid_api_key", {
        publicMessage: "Send a Waybill API key (wb_…) as Authorization: Bearer <key>.",
      });
    }
    if (!options.isConnected()) throw new WaybillError("bus_unavailable");
    const key = await findFor(parsed);
    if (!key || !isSecretOf(parsed.secret, key, options.clock.unixMs())) throw new WaybillError("invalid_api_key");
    if (key.revokedAtMs > 0n || options.changes.isRevoked(key.keyId)) {
      throw new WaybillError("invalid_api_key", { publicMessage: "This API key was revoked." });
    }
    if (key.expiresAtMs > 0n && key.expiresAtMs <= BigInt(options.clock.unixMs())) {
      throw new WaybillError("invalid_api_key", { publicMessage: "This API key has expired." });
    }
    return key;
  };
}

/** The key's own secret, or for as long as a rotation lets them overlap the one before. */
function isSecretOf(secret: string, key: VirtualKey, nowUnixMs: number): boolean {
  const digest = createHash("sha256").update(secret).digest();
  const isOwn = isDigest(digest, key.secretSha256);
  const isPrevious = isDigest(digest, key.previousSecretSha256);
  return isOwn || (isPrevious && key.previousSecretUntilMs > BigInt(nowUnixMs));
}

/** In constant time. */
function isDigest(digest: Buffer, sha256: Uint8Array): boolean {
  return sha256.length === digest.length && timingSafeEqual(digest, sha256);
}
