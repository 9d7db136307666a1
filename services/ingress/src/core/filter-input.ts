// A request's texts before anybody decides about it: looked at, and rewritten where a filter redacts.
import { type Found, scanText } from "@waybill/filters";
import { type AskedRequest, rewriteRequestTexts, type Surface } from "@waybill/surfaces";
import type { FilterSet } from "./content-filters.ts";

/** More text than this is not looked at, so that no request holds up the others for long. UTF-16 units. */
export const SCANNED_UNITS_MAX = 4 * 1024 * 1024;

/** The request as it goes on. The same object where nothing is redacted. */
export function filterInput(
  asked: AskedRequest,
  surface: Pick<Surface, "readRequest">,
  { rules, unchecked, unready }: FilterSet,
  onFound: (found: Found) => void,
): AskedRequest {
  for (const found of unready) onFound(found);
  let units = 0;
  let isBlocked = false;
  const body = rewriteRequestTexts(asked.body, (text, isJson) => {
    units += text.length;
    if (units > SCANNED_UNITS_MAX || isBlocked) return text;
    const shown = scanText(text, { rules, isJson, onFound });
    isBlocked = shown === undefined;
    return shown ?? text;
  });
  if (units > SCANNED_UNITS_MAX) for (const found of unchecked) onFound(found);
  if (body === asked.body) return asked;
  // What it asks of its route was read from the body that came, and is not in this one any more.
  return { ...surface.readRequest(body), routing: asked.routing };
}
