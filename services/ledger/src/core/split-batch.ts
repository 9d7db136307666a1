// A message of DECISIONS cut into its parts without reading them, so that one that is broken costs only itself, and so that
// each is kept byte for byte as it came: also what a newer router says in it.
// https://protobuf.dev/programming-guides/encoding

/** One part: with the tag and the length before it, which is a batch of this one alone, and without. */
export interface PartBytes {
  kind: "decision" | "answer";
  framed: Uint8Array;
  record: Uint8Array;
}

/** Fields 1 and 2, length-delimited: `repeated DecisionRecord records = 1; repeated AnswerFindings answers = 2`. */
const KINDS: Readonly<Record<number, PartBytes["kind"]>> = { 10: "decision", 18: "answer" };
const TAG_MIN = 0x0a;
/** Length-delimited, whatever the field: what a newer router may add to a batch is passed over. */
const LENGTH_DELIMITED = 2;
const TAG_MAX = 0x7f;
const VARINT_BYTES_MAX = 5;

/** Undefined: not a batch of decisions. The parts share memory with `data`. */
export function splitBatch(data: Uint8Array): PartBytes[] | undefined {
  const parts: PartBytes[] = [];
  let at = 0;
  while (at < data.length) {
    const tag = data[at] ?? 0;
    if (tag < TAG_MIN || tag > TAG_MAX || (tag & 7) !== LENGTH_DELIMITED) return undefined;
    const length = readVarint(data, at + 1);
    if (!length) return undefined;
    const end = length.next + length.value;
    if (end > data.length) return undefined;
    const kind = KINDS[tag];
    if (kind) parts.push({ kind, framed: data.subarray(at, end), record: data.subarray(length.next, end) });
    at = end;
  }
  return parts;
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
