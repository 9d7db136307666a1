// Takes one top-level field out of a body that was scanned. Every other byte stays as it came; spans behind it move up.
import type { FieldSpan } from "./scan-body.ts";

/** A body and where its top-level fields stand, in the order of the body. */
export interface FieldsOfBody {
  body: Buffer;
  fields: ReadonlyMap<string, FieldSpan>;
}

/**
 * The body without `name`, and its spans. Same object when it has no such field, so that nobody pays for what is not there;
 * otherwise the bytes are copied once. `insertAt` of the scan stays right: it stands before every field.
 */
export function removeField(from: FieldsOfBody, name: string): FieldsOfBody {
  const removed = from.fields.get(name);
  if (!removed) return from;
  const spans = [...from.fields.values()];
  const at = spans.indexOf(removed);
  const [before, after] = [spans[at - 1], spans[at + 1]];
  // One comma goes with the field: the one behind it, or before it when it is the last.
  const start = after || !before ? removed.pairStart : before.valueEnd;
  const end = after ? after.pairStart : removed.valueEnd;
  const body = Buffer.concat([from.body.subarray(0, start), from.body.subarray(end)]);
  const fields = new Map<string, FieldSpan>();
  for (const span of spans) {
    if (span === removed) continue;
    fields.set(span.name, span.pairStart < start ? span : moveUp(span, end - start));
  }
  return { body, fields };
}

function moveUp(span: FieldSpan, bytes: number): FieldSpan {
  return {
    name: span.name,
    pairStart: span.pairStart - bytes,
    valueStart: span.valueStart - bytes,
    valueEnd: span.valueEnd - bytes,
  };
}
