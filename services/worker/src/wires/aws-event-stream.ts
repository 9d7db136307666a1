// application/vnd.amazon.eventstream: binary messages of a length, headers and a payload, each guarded by two checksums, wherever
// the network cut them. Source: https://smithy.io/2.0/aws/amazon-eventstream.html
import { WaybillError } from "@waybill/domain";
import { crc32 } from "../core/crc32.ts";

export interface EventMessage {
  /** Of text alone: `:message-type`, `:event-type`, `:exception-type`, `:content-type` and the like. */
  headers: ReadonlyMap<string, string>;
  payload: Uint8Array;
}

/** Total length, length of the headers, checksum of the two; 4 bytes each. */
const PRELUDE_BYTES = 12;
/** Checksum of all before it. */
const TRAILER_BYTES = 4;
/** The specification's own limits: 128 KiB of headers, 24 MiB of payload. */
const HEADERS_BYTES_MAX = 128 * 1024;
const PAYLOAD_BYTES_MAX = 24 * 1024 * 1024;
const MESSAGE_BYTES_MAX = PRELUDE_BYTES + HEADERS_BYTES_MAX + PAYLOAD_BYTES_MAX + TRAILER_BYTES;

const STRING = 7;
/** Bytes of a value by its type: true, false, byte, short, int, long, (bytes, string: their length in front), timestamp, uuid. */
const VALUE_BYTES: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];

export class EventStreamSplitter {
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  /** Of the message that the rest begins with; 0: its length is not there yet. */
  #wantedBytes = 0;

  /** True when bytes of an unfinished message are left. */
  get isInside(): boolean {
    return this.#restBytes > 0;
  }

  /** The messages that these bytes complete. Throws WaybillError upstream_malformed: from there on nothing can be read. */
  push(chunk: Uint8Array): EventMessage[] {
    if (chunk.length === 0) return [];
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    // Joined only when there is something to read: a large message in many pieces would be copied for each of them.
    if (this.#restBytes < Math.max(this.#wantedBytes, PRELUDE_BYTES)) return [];
    const bytes = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest);
    const messages: EventMessage[] = [];
    let at = 0;
    for (;;) {
      const rest = bytes.subarray(at);
      this.#wantedBytes = rest.length < PRELUDE_BYTES ? 0 : readLength(rest);
      if (this.#wantedBytes === 0 || rest.length < this.#wantedBytes) break;
      messages.push(readMessage(rest.subarray(0, this.#wantedBytes)));
      at += this.#wantedBytes;
    }
    this.#restBytes = bytes.length - at;
    this.#rest = this.#restBytes === 0 ? [] : [bytes.subarray(at)];
    return messages;
  }
}

/** Of the whole message, from a prelude whose own checksum is right. */
function readLength(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  if (crc32(bytes.subarray(0, 8)) !== view.getUint32(8)) throw malformed("the prelude's checksum is wrong");
  const total = view.getUint32(0);
  const headers = view.getUint32(4);
  const isPossible = total <= MESSAGE_BYTES_MAX && headers <= HEADERS_BYTES_MAX;
  if (!isPossible || total < PRELUDE_BYTES + headers + TRAILER_BYTES) throw malformed("a length is impossible");
  return total;
}

function readMessage(bytes: Uint8Array): EventMessage {
  const view = viewOf(bytes);
  const end = bytes.length - TRAILER_BYTES;
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end)) throw malformed("a message's checksum is wrong");
  const payloadAt = PRELUDE_BYTES + view.getUint32(4);
  return { headers: readHeaders(bytes.subarray(PRELUDE_BYTES, payloadAt)), payload: bytes.subarray(payloadAt, end) };
}

function readHeaders(bytes: Uint8Array): Map<string, string> {
  const headers = new Map<string, string>();
  const view = viewOf(bytes);
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw malformed("a header is longer than the headers");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const name = utf8(take(take(1)[0] ?? 0));
    const type = take(1)[0] ?? 0;
    take(type === STRING || type === STRING - 1 ? 2 : 0);
    const length = VALUE_BYTES[type] ?? (type === STRING || type === STRING - 1 ? view.getUint16(at - 2) : undefined);
    if (length === undefined) throw malformed("a header has an unknown type");
    const value = take(length);
    if (type === STRING) headers.set(name, utf8(value));
  }
  return headers;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function malformed(detail: string): WaybillError {
  return new WaybillError("upstream_malformed", { detail: `event stream: ${detail}` });
}
