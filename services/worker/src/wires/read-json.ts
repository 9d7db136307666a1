// A provider's bytes as a JSON object.
import { WaybillError } from "@waybill/domain";

const BOM = "\ufeff";

/** Throws WaybillError upstream_malformed. */
export function readJson(bytes: Uint8Array): Record<string, unknown> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith(BOM) ? text.slice(BOM.length) : text);
  } catch (error) {
    throw new WaybillError("upstream_malformed", { detail: "the bytes are not JSON", cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WaybillError("upstream_malformed", { detail: "the JSON is not an object" });
  }
  return value as Record<string, unknown>;
}
