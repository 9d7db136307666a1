// A whole answer as it is kept to be given again: its head, then its bytes.
import type { AnswerHead } from "../ports.ts";

export interface KeptAnswer {
  requestId: string;
  isStream: boolean;
  status: number;
  contentType: string;
  /** Decimal text; empty: unknown. */
  costUsd: string;
  head: AnswerHead;
  body: Buffer;
}

const LENGTH_BYTES = 4;

export function encodeAnswer({ body, ...rest }: KeptAnswer): Buffer {
  const head = Buffer.from(
    JSON.stringify(rest, (_name, value) => (typeof value === "bigint" ? value.toString() : value)),
  );
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, body]);
}

/** Undefined: it is damaged, or another version of us wrote it. */
export function decodeAnswer(bytes: Uint8Array): KeptAnswer | undefined {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const end = LENGTH_BYTES + whole.readUInt32BE(0);
    const rest = JSON.parse(whole.subarray(LENGTH_BYTES, end).toString("utf8")) as Omit<KeptAnswer, "body">;
    const head = { ...rest.head, maxOutputTokens: BigInt(rest.head.maxOutputTokens) };
    return { ...rest, head, body: whole.subarray(end) };
  } catch {
    return undefined;
  }
}
