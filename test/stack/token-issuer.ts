// An issuer of tokens (JWT) as OpenID Connect has them, with a key of its own.
import { generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface TokenIssuer {
  readonly url: string;
  /** A token for `claims`, good for five minutes. */
  token(claims: Readonly<Record<string, unknown>>): string;
  stop(): void;
}

const KEY_ID = "k1";
const LIFE_SECONDS = 300;

export async function startTokenIssuer(audience: string): Promise<TokenIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: KEY_ID, alg: "RS256", use: "sig" };
  const server = createServer((request, response) => {
    const isDiscovery = request.url === "/.well-known/openid-configuration";
    const body = isDiscovery ? { issuer: url, jwks_uri: `${url}/keys` } : { keys: [jwk] };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    url,
    token(claims) {
      const exp = Math.floor(Date.now() / 1_000) + LIFE_SECONDS;
      const said = `${part({ alg: "RS256", kid: KEY_ID })}.${part({ iss: url, aud: audience, exp, ...claims })}`;
      return `${said}.${sign("RSA-SHA256", Buffer.from(said), privateKey).toString("base64url")}`;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
