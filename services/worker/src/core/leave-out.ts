// A client's request without the fields that its model refuses: before it is written for the provider, so that the same names count
// whichever way it takes.
import type { Waybill } from "@waybill/wire";
import { takeOut } from "./take-out.ts";

export interface LeftOut {
  /** With the places of what is left. */
  waybill: Waybill;
  body: Uint8Array;
  /** In the order of `refused`. */
  dropped: string[];
}

export function leaveOut(waybill: Waybill, body: Uint8Array, refused: readonly string[]): LeftOut {
  const rest = takeOut(Buffer.from(body.buffer, body.byteOffset, body.length), refused);
  if (!rest) return { waybill, body, dropped: [] };
  const { fields, insertAt, taken } = rest;
  const places = { spans: [...fields.values()], insertAt, bodyIsEmpty: fields.size === 0 };
  return { waybill: { ...waybill, ...places }, body: rest.body, dropped: taken };
}
