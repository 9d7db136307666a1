// An account of a provider, as deployed, and its key as something that can be called.
import type { ProviderAccount, ProviderConfig } from "@waybill/wire";
import { nameOfAccount } from "../core/accounts-of.ts";
import type { Upstream } from "../ports.ts";
import type { Credentials, ProviderDialect, ProviderSettings } from "../providers/provider.ts";

/** Throws with a sentence for the log when the configuration cannot be called; the key is never part of it. */
export function makeUpstream(
  provider: ProviderConfig,
  account: ProviderAccount,
  dialect: ProviderDialect,
  key: string,
): Upstream {
  const name = nameOfAccount(provider, account);
  let url: URL;
  try {
    url = new URL(account.baseUrl);
  } catch {
    throw new Error(`the base URL of ${name} is not a URL`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Error(`the base URL of ${name} must begin with https:// or http://`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new Error(`the base URL of ${name} must not hold credentials, a query or a fragment`);
  }
  if (/[^\x21-\x7e]/.test(key)) throw new Error(`the key of ${name} holds a character that no key has`);
  const { refusedParameters, noStreamUsage: isStreamUsageRefused, endpoints } = provider;
  const quirks = { refusedParameters, isStreamUsageRefused, endpoints };
  const settings = { host: url.host, region: account.region, apiVersion: account.apiVersion, quirks };
  const credentials = credentialsOf(name, dialect, key, settings);
  return {
    providerId: provider.id,
    id: account.id,
    weight: Math.max(1, account.weight),
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

function credentialsOf(name: string, dialect: ProviderDialect, key: string, settings: ProviderSettings): Credentials {
  try {
    return dialect.credentials(key, settings);
  } catch (error) {
    throw new Error(`${name} cannot be called: ${error instanceof Error ? error.message : String(error)}`);
  }
}
