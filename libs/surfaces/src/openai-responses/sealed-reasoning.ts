// What stands in `encrypted_content` where another dialect's thoughts came back by Responses: whose they are is written before them,
// so that they go back as what they were, and never to OpenAI, which would refuse the whole request.

const OURS = "waybill:";
const SIGNATURE = `${OURS}signature:`;
const SEALED = `${OURS}sealed:`;

interface Opaque {
  signature: string;
  sealed: string;
}

/** Null where there is nothing to give back. */
export function toEncryptedContent({ signature, sealed }: Opaque): string | null {
  if (sealed !== "") return SEALED + sealed;
  return signature === "" ? null : SIGNATURE + signature;
}

/** Both empty for what is another provider's own. */
export function ofEncryptedContent(given: unknown): Opaque {
  const text = typeof given === "string" ? given : "";
  return {
    signature: text.startsWith(SIGNATURE) ? text.slice(SIGNATURE.length) : "",
    sealed: text.startsWith(SEALED) ? text.slice(SEALED.length) : "",
  };
}

/** True for a reasoning item whose thoughts were sealed here, and so mean nothing to a provider of this dialect. */
export function isSealedHere(item: unknown): boolean {
  if (typeof item !== "object" || item === null) return false;
  const { type, encrypted_content: content } = item as Record<string, unknown>;
  return type === "reasoning" && typeof content === "string" && content.startsWith(OURS);
}

/** Whether a body may hold such items, without parsing it. */
export function mayHoldSealedHere(body: Uint8Array): boolean {
  return Buffer.from(body.buffer, body.byteOffset, body.length).includes(`"${OURS}s`);
}
