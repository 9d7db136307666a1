import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { makeVerifyToken, type OidcConfig, type VerifyToken } from "./verify-token.ts";

let server: Server;
let issuer: string;
let keys: JWK[];
let isAway: boolean;
let fetches: number;
/** What discovery names; a path that is answered with a redirect to where the answer is. */
let jwksUri: string;
let redirected: string;
let pair: Awaited<ReturnType<typeof generateKeyPair>>;
let nowMs: number;
let verify: VerifyToken;

before(async () => {
  pair = await generateKeyPair("ES256", { extractable: true });
  server = createServer((request, response) => {
    fetches += 1;
    if (isAway) response.writeHead(500).end();
    else if (request.url === redirected) response.writeHead(302, { location: `${issuer}/moved${request.url}` }).end();
    else if (request.url?.endsWith("/.well-known/openid-configuration"))
      response.end(JSON.stringify({ jwks_uri: jwksUri }));
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  keys = [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256" }];
  isAway = false;
  fetches = 0;
  jwksUri = `${issuer}/keys`;
  redirected = "";
  nowMs = Date.now();
  verify = make() ?? assert.fail();
});

function make(changes: Partial<OidcConfig> = {}): VerifyToken | undefined {
  const config: OidcConfig = {
    ...{ WAYBILL_OIDC_ISSUER: issuer, WAYBILL_OIDC_AUDIENCE: "waybill", WAYBILL_OIDC_JWKS_URL: "" },
    WAYBILL_OIDC_PLAIN_HTTP: "refused",
    WAYBILL_OIDC_CLAIMS: ["organisation=org", "team=team", "user=sub"],
    ...changes,
  };
  return makeVerifyToken(config, { unixMs: () => nowMs, monotonicMs: () => nowMs });
}

interface Made {
  claims?: Record<string, unknown>;
  iss?: string;
  aud?: string;
  lifeSeconds?: number;
  key?: Parameters<SignJWT["sign"]>[0];
}
const token = ({ claims = {}, iss = issuer, aud = "waybill", lifeSeconds = 300, key = pair.privateKey }: Made = {}) =>
  new SignJWT({ org: "acme", team: "support", ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "k1" })
    .setSubject("ada")
    .setIssuer(iss)
    .setAudience(aud)
    .setExpirationTime(Math.floor(nowMs / 1_000) + lifeSeconds)
    .sign(key);
const refusedAs = (code: string) => (error: unknown) => error instanceof WaybillError && error.code === code;

test("a good token is its subject's, found by discovery, and checked once a minute", async () => {
  const good = await token();
  const { attribution, keyId } = await verify(good);
  assert.deepEqual([attribution?.organisationId, attribution?.teamId, attribution?.userId], ["acme", "support", "ada"]);
  assert.match(keyId, /^oidc-[0-9a-f]{16}$/);
  const before = fetches;
  isAway = true;
  assert.equal((await verify(good)).keyId, keyId);
  assert.equal(fetches, before);
  assert.equal(
    (await verify(await token({ claims: { jti: "another" } }))).keyId,
    keyId,
    "the same subject, the same key",
  );
});

test("a token of somebody else, for somebody else, too old, or changed is refused", async () => {
  const stranger = await generateKeyPair("ES256");
  for (const made of [
    { iss: "https://evil.example" },
    { aud: "other" },
    { lifeSeconds: -60 },
    { key: stranger.privateKey },
  ]) {
    await assert.rejects(verify(await token(made)), refusedAs("invalid_api_key"), JSON.stringify(made));
  }
  const [head, , signature] = (await token()).split(".");
  const forged = Buffer.from(JSON.stringify({ org: "globex", sub: "x" })).toString("base64url");
  await assert.rejects(verify(`${head}.${forged}.${signature}`), refusedAs("invalid_api_key"));
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  await assert.rejects(verify(`${none}.${forged}.`), refusedAs("invalid_api_key"));
  await assert.rejects(verify(await token({ claims: { org: 7 } })), /organisation/);
});

test("a believed token is not believed beyond its own end", async () => {
  const short = await token({ lifeSeconds: 10 });
  await verify(short);
  nowMs += 45_000;
  await assert.rejects(verify(short), /expired/);
});

test("an issuer that cannot be reached is no fault of the token, and is asked again", async () => {
  isAway = true;
  await assert.rejects(verify(await token()), refusedAs("accounts_unavailable"));
  isAway = false;
  await verify(await token());
});

test("without an issuer there is no check, and without an audience there must be none", () => {
  assert.equal(make({ WAYBILL_OIDC_ISSUER: "" }), undefined);
  assert.throws(() => make({ WAYBILL_OIDC_AUDIENCE: "" }), /WAYBILL_OIDC_AUDIENCE/);
});

test("an issuer, or keys, by plain HTTP on another host are refused at the start, unless that is allowed", () => {
  const plain = "http://login.example.com";
  assert.throws(() => make({ WAYBILL_OIDC_ISSUER: plain }), /^Error: WAYBILL_OIDC_ISSUER must begin with https/);
  assert.throws(() => make({ WAYBILL_OIDC_JWKS_URL: plain }), /^Error: WAYBILL_OIDC_JWKS_URL must begin with https/);
  assert.ok(make({ WAYBILL_OIDC_ISSUER: plain, WAYBILL_OIDC_JWKS_URL: plain, WAYBILL_OIDC_PLAIN_HTTP: "allowed" }));
  assert.ok(make({ WAYBILL_OIDC_ISSUER: "https://login.example.com" }));
});

test("keys that an issuer names on another scheme, or by plain HTTP elsewhere, are never asked for", async () => {
  for (const named of ["http://login.example.com/keys", "file:///etc/keys", "data:application/json,{}", "keys"]) {
    jwksUri = named;
    await assert.rejects(verify(await token()), (error: unknown) => {
      assert.ok(error instanceof WaybillError && error.cause instanceof Error);
      assert.equal(error.code, "accounts_unavailable");
      assert.match(error.cause.message, /^the jwks_uri of .* must be/);
      return true;
    });
  }
  jwksUri = `${issuer}/keys`;
  await verify(await token());
});

test("no redirect is followed, of discovery or of keys", async () => {
  for (const path of ["/.well-known/openid-configuration", "/keys"]) {
    redirected = path;
    verify = make() ?? assert.fail();
    const before = fetches;
    await assert.rejects(verify(await token()), refusedAs("accounts_unavailable"));
    // Discovery alone, or discovery and keys: nobody went on to where it pointed.
    assert.equal(fetches - before, path === "/keys" ? 2 : 1);
  }
  redirected = "";
  await verify(await token());
});
