// New secrets. What is kept of one is its SHA-256; the secret itself goes into one answer and nowhere else.
import { createHash, randomBytes } from "node:crypto";

export interface IssuedSecret {
  /** Public: names the key for ever. */
  keyId: string;
  secretSha256: Buffer;
  /** The whole key, to be told this one time. */
  wholeKey: string;
}

/** `keyId` undefined: a new key; else another secret for that one. */
export function issueSecret(prefix: "wb" | "wba", keyId = randomBytes(8).toString("hex")): IssuedSecret {
  const secret = randomBytes(32).toString("base64url");
  const secretSha256 = createHash("sha256").update(secret).digest();
  return { keyId, secretSha256, wholeKey: `${prefix}_${keyId}_${secret}` };
}
