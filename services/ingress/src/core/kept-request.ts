// A request with an Idempotency-Key as all ingresses know it: who carries it, how far it came, where its answer is. And what is to
// be done when it is asked again.
import { WaybillError } from "@waybill/domain";

export interface KeptRequest {
  /** Of the surface and the body. */
  fingerprint: string;
  requestId: string;
  /** Incarnation of the ingress that carries it. */
  life: string;
  /** The attempt that was begun last; 0: none yet. */
  attempt: number;
  /** Of that attempt's decision, in base64. */
  resumeToken: string;
  /** Name of the answer's object; empty: there is no answer yet. */
  answer: string;
}

/** `replay`: the answer is there. `resume`: who carried it is gone. */
export type Again = "replay" | "resume" | "in_progress" | "another_request";

const KEY_CHARACTERS_MAX = 255;

/** What to do with a request whose key is known. */
export function judgeAgain(kept: KeptRequest, fingerprint: string, isAlive: (life: string) => boolean): Again {
  if (kept.fingerprint !== fingerprint) return "another_request";
  if (kept.answer !== "") return "replay";
  return isAlive(kept.life) ? "in_progress" : "resume";
}

/** The header's value; undefined: there is none. Throws WaybillError invalid_value. */
export function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && /^[\x21-\x7e]+$/.test(header) && header.length <= KEY_CHARACTERS_MAX) return header;
  throw new WaybillError("invalid_value", {
    publicMessage: `The header idempotency-key must be 1 to ${KEY_CHARACTERS_MAX} visible characters.`,
    param: "idempotency-key",
  });
}

export function encodeKept(kept: KeptRequest): Uint8Array {
  return Buffer.from(JSON.stringify(kept));
}

/** Undefined: another version of us wrote it. */
export function decodeKept(bytes: Uint8Array): KeptRequest | undefined {
  try {
    const kept = JSON.parse(Buffer.from(bytes).toString("utf8")) as Partial<KeptRequest>;
    const texts = [kept.fingerprint, kept.requestId, kept.life, kept.resumeToken, kept.answer];
    return texts.every((text) => typeof text === "string") && typeof kept.attempt === "number"
      ? (kept as KeptRequest)
      : undefined;
  } catch {
    return undefined;
  }
}
