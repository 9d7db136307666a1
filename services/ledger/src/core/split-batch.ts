// A message of DECISIONS cut into its records without reading them, so that one that is broken costs only itself, and so that
// each is kept byte for byte as it came: also what a newer router says in it.
// https://protobuf.dev/programming-guides/encoding

/** One record: with the tag and the length before it, which is a batch of this one alone, and without. */
export interface RecordBytes {
  framed: Uint8Array;
  record: Uint8Array;
}

/** Field 1, length-delimited: `repeated DecisionRecord records = 1`. */
const RECORDS_TAG = 0x0a;
/** Length-delimited, whatever the field: what a newer router may add to a batch is passed over. */
const LENGTH_DELIMITED = 2;
const TAG_MAX = 0x7f;
const VARINT_BYTES_MAX = 5;

/** Undefined: not a batch of decisions. The parts share memory with `data`. */
export function splitBatch(data: Uint8Array): RecordBytes[] | undefined {
  const records: RecordBytes[] = [];
  let at = 0;
  while (at < data.length) {
    const tag = data[at] ?? 0;
    if (tag < RECORDS_TAG || tag > TAG_MAX || (tag & 7) !== LENGTH_DELIMITED) return undefined;
    const length = readVarint(data, at + 1);
    if (!length) return undefined;
    const end = length.next + length.value;
    if (end > data.length) return undefined;
    if (tag === RECORDS_TAG) records.push({ framed: data.subarray(at, end), record: data.subarray(length.next, end) });
    at = end;
  }
  return records;
}

function readVarint(data: Uint8Array, from: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let count = 0; count < VARINT_BYTES_MAX; count += 1) {
    const byte = data[from + count];
    if (byte === undefined) return undefined;
    // Not by shifting: the fifth byte would make it negative.
    value += (byte & 0x7f) * 2 ** (7 * count);
    if (byte < 0x80) return { value, next: from + count + 1 };
  }
  return undefined;
}
