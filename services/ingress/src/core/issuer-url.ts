// By which addresses an identity provider's keys may be asked for: who can change them on the way can sign tokens for anybody.

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What is wrong with the address, to stand behind its name; undefined: nothing. Plain HTTP goes to this host alone, unless allowed. */
export function issuerUrlProblem(text: string, isPlainHttpAllowed: boolean): string | undefined {
  if (!URL.canParse(text)) return "must be a URL";
  const { protocol, hostname } = new URL(text);
  if (protocol === "https:") return undefined;
  if (protocol === "http:" && (isPlainHttpAllowed || LOOPBACK.test(hostname))) return undefined;
  return "must begin with https://, or name this host (localhost, 127.0.0.1, [::1]); WAYBILL_OIDC_PLAIN_HTTP=allowed takes http:// of others";
}

/** The same for the `jwks_uri` that an issuer names: one asked by HTTPS names nothing less. */
export function jwksUriProblem(issuer: string, jwksUri: string, isPlainHttpAllowed: boolean): string | undefined {
  const isDowngrade = URL.canParse(issuer) && new URL(issuer).protocol === "https:";
  return (
    issuerUrlProblem(jwksUri, isPlainHttpAllowed && !isDowngrade) ?? (isDowngrade ? httpsOnly(jwksUri) : undefined)
  );
}

function httpsOnly(text: string): string | undefined {
  return new URL(text).protocol === "https:" ? undefined : "must begin with https://, as the issuer's own address does";
}
