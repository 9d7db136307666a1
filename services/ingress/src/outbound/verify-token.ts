// Tokens of an identity provider (OpenID Connect): signature, issuer, audience and time, by the issuer's published keys. RFC 7519, 8725.
import { createHash } from "node:crypto";
import { type Clock, WaybillError } from "@waybill/domain";
import type { VirtualKey } from "@waybill/wire";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { accountOf, type ClaimMap, parseClaimMap } from "../core/claims.ts";
import { issuerUrlProblem, jwksUriProblem } from "../core/issuer-url.ts";

export interface OidcConfig {
  WAYBILL_OIDC_ISSUER: string;
  WAYBILL_OIDC_AUDIENCE: string;
  WAYBILL_OIDC_JWKS_URL: string;
  WAYBILL_OIDC_PLAIN_HTTP: "refused" | "allowed";
  WAYBILL_OIDC_CLAIMS: readonly string[];
}

export type VerifyToken = (token: string) => Promise<VirtualKey>;

/** Signatures by a key pair only: with a shared secret whoever checks could also sign. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 30;
const FETCH_MS = 3_000;
/** An unknown key is asked for again after this long at the earliest, so that forged tokens cannot make us hammer the issuer. */
const COOLDOWN_MS = 10_000;
/** A token that was good is believed for so long without being checked again, and never beyond its own end. */
const BELIEVED_MS = 60_000;
const BELIEVED_MAX = 20_000;
const TOKEN_CHARACTERS_MAX = 8_192;

/** Undefined: no issuer is set. Throws Error that says what the configuration lacks. */
export function makeVerifyToken(config: OidcConfig, clock: Clock): VerifyToken | undefined {
  const issuer = config.WAYBILL_OIDC_ISSUER;
  if (issuer === "") return undefined;
  if (config.WAYBILL_OIDC_AUDIENCE === "") {
    throw new Error(
      "WAYBILL_OIDC_AUDIENCE must be set with WAYBILL_OIDC_ISSUER: else tokens for anybody would be taken",
    );
  }
  for (const name of ["WAYBILL_OIDC_ISSUER", "WAYBILL_OIDC_JWKS_URL"] as const) {
    const problem = config[name] === "" ? undefined : issuerUrlProblem(config[name], isPlainHttpAllowed(config));
    if (problem) throw new Error(`${name} ${problem}`);
  }
  return new TokenCheck(config, parseClaimMap(config.WAYBILL_OIDC_CLAIMS), clock).verify;
}

class TokenCheck {
  readonly #config: OidcConfig;
  readonly #map: ClaimMap;
  readonly #clock: Clock;
  readonly #believed = new Map<string, { key: VirtualKey; untilUnixMs: number }>();
  #keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(config: OidcConfig, map: ClaimMap, clock: Clock) {
    this.#config = config;
    this.#map = map;
    this.#clock = clock;
  }

  readonly verify = async (token: string): Promise<VirtualKey> => {
    if (token.length > TOKEN_CHARACTERS_MAX) throw new WaybillError("invalid_api_key");
    const digest = createHash("sha256").update(token).digest("base64url");
    const nowMs = this.#clock.unixMs();
    const known = this.#believed.get(digest);
    if (known && known.untilUnixMs > nowMs) return known.key;
    this.#believed.delete(digest);
    const payload = await this.#check(token, new Date(nowMs));
    const key = accountOf(payload, this.#map, keyIdOf(payload));
    if (typeof key === "string") throw new WaybillError("invalid_api_key", { publicMessage: key });
    this.#believe(digest, key, Math.min(nowMs + BELIEVED_MS, (payload.exp ?? 0) * 1_000));
    return key;
  };

  async #check(token: string, currentDate: Date): Promise<JWTPayload> {
    try {
      this.#keys ??= this.#findKeys();
      const { payload } = await jwtVerify(token, await this.#keys, {
        issuer: this.#config.WAYBILL_OIDC_ISSUER,
        audience: this.#config.WAYBILL_OIDC_AUDIENCE,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ["sub", "exp"],
        currentDate,
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        throw new WaybillError("invalid_api_key", { publicMessage: "This token has expired.", cause: error });
      }
      if (isTokensFault(error)) throw new WaybillError("invalid_api_key", { cause: error });
      // Asked anew by the next request.
      this.#keys = undefined;
      throw new WaybillError("accounts_unavailable", { detail: "the issuer's keys cannot be read", cause: error });
    }
  }

  async #findKeys(): Promise<JWTVerifyGetKey> {
    const url = this.#config.WAYBILL_OIDC_JWKS_URL || (await discover(this.#config));
    // Follows no redirect either.
    return createRemoteJWKSet(new URL(url), { timeoutDuration: FETCH_MS, cooldownDuration: COOLDOWN_MS });
  }

  #believe(digest: string, key: VirtualKey, untilUnixMs: number): void {
    const [oldest] = this.#believed.keys();
    if (this.#believed.size >= BELIEVED_MAX && oldest !== undefined) this.#believed.delete(oldest);
    this.#believed.set(digest, { key, untilUnixMs });
  }
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
async function discover(config: OidcConfig): Promise<string> {
  const issuer = config.WAYBILL_OIDC_ISSUER;
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(FETCH_MS) });
  const { jwks_uri: jwksUri } = (await answer.json()) as { jwks_uri?: unknown };
  if (typeof jwksUri !== "string") throw new Error(`${url} names no jwks_uri`);
  const problem = jwksUriProblem(issuer, jwksUri, isPlainHttpAllowed(config));
  if (problem) throw new Error(`the jwks_uri of ${url} ${problem}`);
  return jwksUri;
}

function isPlainHttpAllowed({ WAYBILL_OIDC_PLAIN_HTTP: plain }: OidcConfig): boolean {
  return plain === "allowed";
}

function isTokensFault(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  // A plain JOSEError is what a fetch that failed comes as.
  return error instanceof errors.JOSEError && error.constructor !== errors.JOSEError;
}

/** The same for all tokens of one subject, and no other's. */
function keyIdOf({ iss, sub }: JWTPayload): string {
  return `oidc-${createHash("sha256")
    .update(JSON.stringify([iss, sub]))
    .digest("hex")
    .slice(0, 16)}`;
}
