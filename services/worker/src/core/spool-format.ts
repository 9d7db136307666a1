// How unsent usage records lie on disk: one entry after the other, each with its length and checksum, so that a crash in the
// middle of a write costs only the entry that was being written, which nobody was told is safe.
import { crc32 } from "./crc32.ts";

/** One record that still has to reach USAGE. */
export interface SpooledRecord {
  /** The encoded UsageRecord. */
  data: Uint8Array;
  /** Trace context it travels with; may be empty. */
  traceparent: string;
}

/** What a segment file holds. */
export interface DecodedSegment {
  records: SpooledRecord[];
  /** `torn`: the last entry is not whole, as after a crash. `damaged`: an entry is whole but its checksum is wrong. */
  end: "clean" | "torn" | "damaged";
  /** Bytes of the good entries. */
  goodBytes: number;
}

const HEADER_BYTES = 8;
/** Larger than any usage record; a length above it is damage. */
const ENTRY_BYTES_MAX = 16 * 1024 * 1024;

/** length (4 bytes, little endian) | CRC-32 of the rest | traceparent length (1 byte) | traceparent | record */
export function encodeEntry(record: SpooledRecord): Uint8Array {
  const { data, traceparent } = record;
  const payloadBytes = 1 + traceparent.length + data.length;
  const entry = new Uint8Array(HEADER_BYTES + payloadBytes);
  const payload = entry.subarray(HEADER_BYTES);
  payload[0] = traceparent.length;
  for (let index = 0; index < traceparent.length; index += 1) payload[1 + index] = traceparent.charCodeAt(index);
  payload.set(data, 1 + traceparent.length);
  const header = new DataView(entry.buffer);
  header.setUint32(0, payloadBytes, true);
  header.setUint32(4, crc32(payload), true);
  return entry;
}

/** Reads as many entries as are good; what comes behind the first bad one is not read. */
export function decodeSegment(bytes: Uint8Array): DecodedSegment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: SpooledRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < HEADER_BYTES) return { records, end: "torn", goodBytes: at };
    const payloadBytes = view.getUint32(at, true);
    if (payloadBytes === 0 || payloadBytes > ENTRY_BYTES_MAX) return { records, end: "damaged", goodBytes: at };
    const from = at + HEADER_BYTES;
    if (from + payloadBytes > bytes.length) return { records, end: "torn", goodBytes: at };
    const payload = bytes.subarray(from, from + payloadBytes);
    if (crc32(payload) !== view.getUint32(at + 4, true)) return { records, end: "damaged", goodBytes: at };
    const traceBytes = payload[0] ?? 0;
    const traceparent = String.fromCharCode(...payload.subarray(1, 1 + traceBytes));
    records.push({ traceparent, data: payload.subarray(1 + traceBytes) });
    at = from + payloadBytes;
  }
  return { records, end: "clean", goodBytes: at };
}
