// What routing may know of a request: sizes, flags, metadata, harmless headers. Never its text.

import { WaybillError } from "@waybill/domain";
import type { AskedRequest, Surface } from "@waybill/surfaces";
import type { Features } from "@waybill/wire";
import { bodyJson } from "./body-json.ts";
import { routingOf } from "./routing.ts";

/** Headers as node:http gives them: lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Never part of headers.*: they are credentials or may be. */
const SECRET_HEADER = /^(cookie|set-cookie|x-api-key|api-key|idempotency-key)$|authorization|token|secret|password/;
const HEADERS_BYTES_MAX = 8_192;
const METADATA_BYTES_MAX = 4_096;
/** x-user-<kebab> -> metadata user_<snake>. */
const USER_HEADER = /^x-user-[a-z0-9]+(-[a-z0-9]+)*$/;
const METADATA_HEADERS = ["cf-aig-metadata", "x-waybill-metadata"];

/**
 * Features of a request. Metadata comes from the body, JSON headers, mapped headers and the key; on a clash the later
 * of these wins. Throws invalid_value for a metadata header that is not a JSON object of plain values, and for routing headers
 * that ask for something there is not.
 */
export function featuresOf(
  asked: AskedRequest,
  path: string,
  headers: RequestHeaders,
  keyMetadata: Readonly<Record<string, string>>,
): Features {
  const { size } = asked;
  return {
    requestedModel: asked.model,
    stream: asked.stream,
    maxOutputTokens: BigInt(asked.maxOutputTokens),
    choiceCount: asked.choiceCount,
    inputTextBytes: BigInt(size.textBytes),
    inputPartCount: size.partCount,
    estimatedInputTokens: BigInt(size.estimatedTokens),
    exactInputTokens: 0n,
    exactTokenizer: "",
    hasUnseenInput: size.hasUnseenInput,
    hasTools: asked.hasTools,
    hasImages: size.hasImages,
    hasJsonSchema: asked.hasJsonSchema,
    priceUnbounded: asked.isPriceUnbounded,
    metadata: mergeMetadata(asked, headers, keyMetadata),
    headers: harmlessHeaders(headers),
    bodyJson: bodyJson(asked),
    routing: routingOf(asked.routing, headers),
    path,
    keptModel: "",
    wantsEmbeddings: asked.wantsEmbeddings,
    inputCount: size.inputCount,
    filterFindings: [],
  };
}

function mergeMetadata(
  asked: AskedRequest,
  headers: RequestHeaders,
  keyMetadata: Readonly<Record<string, string>>,
): Record<string, string> {
  const merged: Record<string, string> = { ...asked.metadata };
  for (const name of METADATA_HEADERS) Object.assign(merged, metadataHeader(name, headers[name]));
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith("x-user-") || !USER_HEADER.test(header) || SECRET_HEADER.test(header)) continue;
    if (typeof value === "string" && value !== "") merged[header.slice("x-".length).replaceAll("-", "_")] = value;
  }
  Object.assign(merged, keyMetadata);
  let bytes = 0;
  for (const [name, value] of Object.entries(merged)) bytes += name.length + value.length;
  if (bytes > METADATA_BYTES_MAX) {
    throw new WaybillError("invalid_value", {
      publicMessage: `All metadata together must be at most ${METADATA_BYTES_MAX} bytes.`,
      param: "metadata",
    });
  }
  return merged;
}

function metadataHeader(name: string, value: string | string[] | undefined): Record<string, string> {
  if (typeof value !== "string" || value === "") return {};
  const refuse = (): WaybillError =>
    new WaybillError("invalid_value", {
      publicMessage: `The header ${name} must be a JSON object of texts, numbers and booleans.`,
      param: name,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    throw refuse();
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw refuse();
  const metadata: Record<string, string> = {};
  for (const [key, item] of Object.entries(parsed)) {
    if (key === "__proto__" || (typeof item === "object" && item !== null)) throw refuse();
    if (item !== null) metadata[key] = String(item);
  }
  return metadata;
}

/** Those that belong to the body in the client's dialect. */
export function forwardedHeaders(
  surface: Pick<Surface, "forwardedHeaders">,
  headers: RequestHeaders,
): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of surface.forwardedHeaders) {
    const value = headers[name];
    if (typeof value === "string" && value !== "") forwarded[name] = value;
  }
  return forwarded;
}

function harmlessHeaders(headers: RequestHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string" || SECRET_HEADER.test(name)) continue;
    bytes += name.length + value.length;
    if (bytes > HEADERS_BYTES_MAX) break;
    kept[name] = value;
  }
  return kept;
}
