// Changes top-level fields of a JSON body in place, by the offsets found when it was read. Everything else keeps its
// bytes: unknown fields, number spelling and order survive, and a large prompt is never parsed a second time.
import type { FieldSpan } from "./scan-body.ts";

/** Where things stand in a body, as scanBody found them. */
export interface BodyLayout {
  spans: readonly FieldSpan[];
  /** Offset just behind the opening brace. */
  insertAt: number;
  /** True when the object has no field, so an inserted one needs no comma. */
  isEmpty: boolean;
}

/**
 * A copy of `body` with each field of `fields` (name -> JSON text) set: its value replaced where it stands, else inserted
 * at the front. Throws RangeError for a layout that does not fit the body.
 */
export function patchBody(body: Uint8Array, layout: BodyLayout, fields: ReadonlyMap<string, string>): Uint8Array {
  checkLayout(body, layout);
  const replaced = layout.spans.filter((span) => fields.has(span.name)).sort((a, b) => a.valueStart - b.valueStart);
  const present = new Set(replaced.map((span) => span.name));
  const inserted = [...fields].filter(([name]) => !present.has(name));
  let head = inserted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",");
  if (head !== "" && !layout.isEmpty) head += ",";

  const pieces = [Buffer.from(body.buffer, body.byteOffset, layout.insertAt), Buffer.from(head)];
  let from = layout.insertAt;
  for (const span of replaced) {
    pieces.push(Buffer.from(body.buffer, body.byteOffset + from, span.valueStart - from));
    pieces.push(Buffer.from(fields.get(span.name) ?? "null"));
    from = span.valueEnd;
  }
  pieces.push(Buffer.from(body.buffer, body.byteOffset + from, body.length - from));
  return Buffer.concat(pieces);
}

/** The bytes of a field's value as text, or undefined when the body does not have it. */
export function fieldText(body: Uint8Array, spans: readonly FieldSpan[], name: string): string | undefined {
  const span = spans.find((each) => each.name === name);
  if (!span) return undefined;
  return Buffer.from(body.buffer, body.byteOffset + span.valueStart, span.valueEnd - span.valueStart).toString("utf8");
}

const OPEN_BRACE = 0x7b;

function checkLayout(body: Uint8Array, { spans, insertAt }: BodyLayout): void {
  if (body[insertAt - 1] !== OPEN_BRACE) throw new RangeError("the body does not open where its layout says");
  let end = insertAt;
  for (const span of [...spans].sort((a, b) => a.pairStart - b.pairStart)) {
    if (span.pairStart < end || span.valueStart < span.pairStart || span.valueEnd < span.valueStart) {
      throw new RangeError(`the span of ${span.name} overlaps or is out of order`);
    }
    end = span.valueEnd;
  }
  if (end > body.length) throw new RangeError("a span ends behind the body");
}
