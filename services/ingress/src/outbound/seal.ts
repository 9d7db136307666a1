// Answers on a disk are sealed: AES-256-GCM under a key of each organisation's own, derived from the operator's by HKDF (RFC 5869). In
// memory they stand as they are.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import type { Secret } from "@waybill/service";

export interface Seal {
  close(organisationId: string, bytes: Buffer): Buffer;
  /** Undefined: it was not closed with this key, or is damaged. */
  open(organisationId: string, bytes: Uint8Array): Buffer | undefined;
}

export interface AnswerStoreConfig {
  WAYBILL_ANSWERS_STORAGE: "memory" | "file";
  WAYBILL_ANSWERS_KEY: Secret;
}

/** Throws Error that says what is missing. */
export function answerStore(config: AnswerStoreConfig): { storage: "memory" | "file"; seal: Seal } {
  const { WAYBILL_ANSWERS_STORAGE: storage, WAYBILL_ANSWERS_KEY: secret } = config;
  return { storage, seal: storage === "file" ? makeSeal(secret) : NO_SEAL };
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export const NO_SEAL: Seal = {
  close: (_organisationId, bytes) => bytes,
  open: (_organisationId, bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
};

/** `secret`: 32 bytes in base64. Throws Error that says so for anything else. */
export function makeSeal(secret: Secret): Seal {
  const master = Buffer.from(secret.reveal(), "base64");
  if (master.length !== KEY_BYTES) {
    throw new Error(`WAYBILL_ANSWERS_KEY must be ${KEY_BYTES} bytes in base64, e.g. from: openssl rand -base64 32`);
  }
  const keys = new Map<string, Buffer>();
  const keyOf = (organisationId: string): Buffer => {
    let key = keys.get(organisationId);
    if (!key) {
      key = Buffer.from(hkdfSync("sha256", master, Buffer.alloc(0), `waybill answers of ${organisationId}`, KEY_BYTES));
      keys.set(organisationId, key);
    }
    return key;
  };
  return {
    close(organisationId, bytes) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", keyOf(organisationId), nonce);
      return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    },
    open(organisationId, bytes) {
      const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      try {
        const decipher = createDecipheriv("aes-256-gcm", keyOf(organisationId), sealed.subarray(0, NONCE_BYTES));
        decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
        return Buffer.concat([
          decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)),
          decipher.final(),
        ]);
      } catch {
        return undefined;
      }
    },
  };
}
