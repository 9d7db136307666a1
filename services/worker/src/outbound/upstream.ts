// A provider's deployed configuration and its key as something that can be called.
import type { ProviderConfig } from "@waybill/wire";
import type { Upstream } from "../ports.ts";
import type { Credentials, ProviderDialect, ProviderSettings } from "../providers/provider.ts";

/** Throws with a sentence for the log when the configuration cannot be called; the key is never part of it. */
export function makeUpstream(provider: ProviderConfig, dialect: ProviderDialect, key: string): Upstream {
  let url: URL;
  try {
    url = new URL(provider.baseUrl);
  } catch {
    throw new Error(`the base URL of ${provider.id} is not a URL`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Error(`the base URL of ${provider.id} must begin with https:// or http://`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new Error(`the base URL of ${provider.id} must not hold credentials, a query or a fragment`);
  }
  if (/[^\x21-\x7e]/.test(key)) throw new Error(`the key of ${provider.id} holds a character that no key has`);
  const settings = { host: url.host, region: provider.region, apiVersion: provider.apiVersion };
  const credentials = credentialsOf(provider, dialect, key, settings);
  return {
    providerId: provider.id,
    dialect,
    settings,
    origin: url.origin,
    host: url.host,
    basePath: url.pathname.replace(/\/+$/, ""),
    credentials,
    mask: (text) => credentials.secrets.reduce(maskSecret, text),
    allowPrivateAddress: provider.allowPrivateAddress,
    isSimulated: provider.simulated,
  };
}

const MASK = "***";
/** What a text ends with that was cut because it is long. */
const CUT = "…";
/** Of a secret that was cut, so much says nothing. */
const HARMLESS_CHARACTERS = 3;

/** A text of the provider's without its secret, also where the text was cut within it. */
export function maskSecret(text: string, secret: string): string {
  const masked = text.replaceAll(secret, MASK);
  if (!masked.endsWith(CUT)) return masked;
  for (let length = secret.length - 1; length > HARMLESS_CHARACTERS; length -= 1) {
    const rest = secret.slice(0, length) + CUT;
    if (masked.endsWith(rest)) return masked.slice(0, -rest.length) + MASK + CUT;
  }
  return masked;
}

function credentialsOf(
  { id }: ProviderConfig,
  dialect: ProviderDialect,
  key: string,
  settings: ProviderSettings,
): Credentials {
  try {
    return dialect.credentials(key, settings);
  } catch (error) {
    throw new Error(`${id} cannot be called: ${error instanceof Error ? error.message : String(error)}`);
  }
}
