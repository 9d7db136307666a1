// A client's request without the fields that its model refuses: before it is written for the provider, so that the same names count
// whichever way it takes.
import { removeField, scanBody } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import { hasName } from "./without-fields.ts";

export interface LeftOut {
  /** With the places of what is left. */
  waybill: Waybill;
  body: Uint8Array;
  /** In the order of `refused`. */
  dropped: string[];
}

export function leaveOut(waybill: Waybill, body: Uint8Array, refused: readonly string[]): LeftOut {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  // Most bodies have none of them, and need not be read again.
  if (!refused.some((name) => hasName(bytes, name))) return { waybill, body, dropped: [] };
  const { fields, insertAt } = scanBody(bytes);
  const dropped = refused.filter((name) => fields.has(name));
  let rest: Parameters<typeof removeField>[0] = { body: bytes, fields };
  for (const name of dropped) rest = removeField(rest, name);
  const spans = [...rest.fields.values()];
  return { waybill: { ...waybill, spans, insertAt, bodyIsEmpty: spans.length === 0 }, body: rest.body, dropped };
}
