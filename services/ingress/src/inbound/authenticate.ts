// Key or token -> account. The budget service is asked the first time a key is seen; the answer is remembered, and KV waybill_keys
// says within a second when a key is revoked. Cut off from NATS nobody is served, so no stale key passes.
import { createHash, timingSafeEqual } from "node:crypto";
import { type Clock, parseVirtualKey, WaybillError } from "@waybill/domain";
import type { VirtualKey } from "@waybill/wire";
import type { Authenticate } from "../ports.ts";

export interface AuthenticateOptions {
  /** Undefined: there is no such key. Throws WaybillError accounts_unavailable. */
  findKey(keyId: string): Promise<VirtualKey | undefined>;
  isRevoked(keyId: string): boolean;
  isConnected(): boolean;
  /** Undefined: no issuer of tokens is set. Throws WaybillError: invalid_api_key, accounts_unavailable. */
  verifyToken: ((token: string) => Promise<VirtualKey>) | undefined;
  cacheMs: number;
  clock: Clock;
}

interface Remembered {
  key: VirtualKey | undefined;
  askedAtMs: number;
}

/** Three parts in base64url: RFC 7519, section 3. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const REMEMBERED_MAX = 100_000;
/** A key that does not exist is asked for again soon: it may be made any moment. */
const UNKNOWN_CACHE_MS = 2_000;

/** Makes the check. What it throws never says which part of the key was wrong. */
export function makeAuthenticate(options: AuthenticateOptions): Authenticate {
  const remembered = new Map<string, Remembered>();
  const asking = new Map<string, Promise<VirtualKey | undefined>>();

  const ask = (keyId: string): Promise<VirtualKey | undefined> => {
    const running = asking.get(keyId);
    if (running) return running;
    const asked = options
      .findKey(keyId)
      .then((key) => {
        if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value ?? "");
        remembered.delete(keyId);
        remembered.set(keyId, { key, askedAtMs: options.clock.monotonicMs() });
        return key;
      })
      .finally(() => asking.delete(keyId));
    asking.set(keyId, asked);
    return asked;
  };

  const find = async (keyId: string): Promise<VirtualKey | undefined> => {
    const known = remembered.get(keyId);
    if (!known) return ask(keyId);
    const ageMs = options.clock.monotonicMs() - known.askedAtMs;
    if (!known.key) return ageMs < UNKNOWN_CACHE_MS ? undefined : ask(keyId);
    // An old answer still serves while a new one is fetched; the budget service may be away.
    if (ageMs > options.cacheMs) ask(keyId).catch(() => {});
    return known.key;
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
    const key = await find(parsed.keyId);
    if (!key || !matches(parsed.secret, key.secretSha256)) throw new WaybillError("invalid_api_key");
    if (key.revokedAtMs > 0n || options.isRevoked(key.keyId)) {
      throw new WaybillError("invalid_api_key", { publicMessage: "This API key was revoked." });
    }
    if (key.expiresAtMs > 0n && key.expiresAtMs <= BigInt(options.clock.unixMs())) {
      throw new WaybillError("invalid_api_key", { publicMessage: "This API key has expired." });
    }
    return key;
  };
}

function matches(secret: string, sha256: Uint8Array): boolean {
  const digest = createHash("sha256").update(secret).digest();
  return sha256.length === digest.length && timingSafeEqual(digest, sha256);
}
