// Services prove themselves to each other with a token per service, in the `authorization` metadata of every call.
import { createHash, timingSafeEqual } from "node:crypto";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";

/** Caller name -> SHA-256 of its token. */
export type AcceptedTokens = ReadonlyMap<string, Buffer>;

/**
 * Parses `ingress=<hex>,router=<hex>`. Throws on anything else, so that a typing error never opens a door.
 */
export function parseAcceptedTokens(text: string): AcceptedTokens {
  const accepted = new Map<string, Buffer>();
  for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
    const [name, hex] = part.trim().split("=");
    if (!name || !hex || !/^[0-9a-f]{64}$/.test(hex)) {
      throw new Error("must be a list like ingress=<sha256 hex of its token>,router=<...>");
    }
    accepted.set(name, Buffer.from(hex, "hex"));
  }
  return accepted;
}

/** The caller a token belongs to, or undefined. Compares in constant time. */
export function callerOf(metadata: Metadata, accepted: AcceptedTokens): string | undefined {
  const header = metadata.get("authorization")[0];
  if (typeof header !== "string" || !header.startsWith("Bearer ")) return undefined;
  const digest = createHash("sha256").update(header.slice("Bearer ".length)).digest();
  let found: string | undefined;
  for (const [name, expected] of accepted) if (timingSafeEqual(digest, expected)) found = name;
  return found;
}

/** Metadata that carries a service's own token. */
export function tokenMetadata(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

export const UNAUTHENTICATED: Partial<StatusObject> = {
  code: status.UNAUTHENTICATED,
  details: "unknown service token",
};
