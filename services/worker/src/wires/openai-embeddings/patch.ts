// The client's body with another model's name: there is no output to bound and no stream to ask usage of.
import { patchBody } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";

export function patchEmbeddings(waybill: Waybill, body: Uint8Array): Uint8Array {
  const { spans, insertAt, bodyIsEmpty: isEmpty, target } = waybill;
  return patchBody(
    body,
    { spans, insertAt, isEmpty },
    new Map([["model", JSON.stringify(target?.upstreamModel ?? "")]]),
  );
}
