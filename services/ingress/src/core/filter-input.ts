// A request's texts before anybody decides about it: looked at, and rewritten where a filter redacts.
import { type Found, scanText } from "@waybill/filters";
import { type AskedRequest, rewriteRequestTexts, type Surface } from "@waybill/surfaces";
import type { AskWebhook } from "../ports.ts";
import { askWebhooks } from "./ask-webhooks.ts";
import type { FilterSet } from "./content-filters.ts";

/** More text than this is not looked at, so that no request holds up the others for long. UTF-16 units. */
export const SCANNED_UNITS_MAX = 4 * 1024 * 1024;

export interface InputFiltering {
  surface: Pick<Surface, "readRequest">;
  filters: FilterSet;
  requestId: string;
  askWebhook: AskWebhook;
  onFound(found: Found): void;
}

/** The request as it goes on. The same object where nothing is redacted. */
export async function filterInput(asked: AskedRequest, filtering: InputFiltering): Promise<AskedRequest> {
  const { filters, requestId, askWebhook } = filtering;
  let isBlocked = false;
  const onFound = (found: Found): void => {
    if (found.action === "block") isBlocked = true;
    filtering.onFound(found);
  };
  const { after, texts } = applyRules(asked, filtering, onFound);
  if (isBlocked || filters.webhooks.length === 0) return after;
  // They see what the model would: redacted.
  const question = { where: "input" as const, requestId, texts };
  for (const found of await askWebhooks(filters.webhooks, question, askWebhook)) onFound(found);
  return after;
}

function applyRules(
  asked: AskedRequest,
  { surface, filters: { rules, unchecked, unready, webhooks } }: InputFiltering,
  onFound: (found: Found) => void,
): { after: AskedRequest; texts: string[] } {
  for (const found of unready) onFound(found);
  let units = 0;
  let isBlocked = false;
  const texts: string[] = [];
  const body = rewriteRequestTexts(asked.body, (text, isJson) => {
    units += text.length;
    if (units > SCANNED_UNITS_MAX || isBlocked) return text;
    const shown = scanText(text, { rules, isJson, onFound });
    isBlocked = shown === undefined;
    if (webhooks.length > 0 && shown !== undefined) texts.push(shown);
    return shown ?? text;
  });
  if (units > SCANNED_UNITS_MAX) for (const found of unchecked) onFound(found);
  if (body === asked.body) return { after: asked, texts };
  // What it asks of its route was read from the body that came, and is not in this one any more.
  return {
    after: { ...surface.readRequest(body, asked.isDefaultLimit ? asked.maxOutputTokens : 0), routing: asked.routing },
    texts,
  };
}
