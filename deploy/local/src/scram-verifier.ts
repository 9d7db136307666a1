// PostgreSQL's stored form of a password (SCRAM-SHA-256), so that SQL which sets a password never contains it.

import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** What PostgreSQL itself uses. */
const iterations = 4096;
const saltBytes = 16;

/** Accepts printable ASCII only: other characters would need SASLprep first. */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(saltBytes)): string {
  if (!/^[\x20-\x7e]+$/.test(password)) throw new Error("a role's password must be printable ASCII");
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString("base64")}$${storedKey}:${serverKey}`;
}
