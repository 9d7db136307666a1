// What services of the operator's own say of texts, as findings. One that gives no answer is what its filter makes of it.
import type { FilterPlace, Found } from "@waybill/filters";
import type { AskWebhook } from "../ports.ts";
import type { Webhook } from "./content-filters.ts";

/** More than this is shown to no webhook. UTF-16 units of all texts. */
export const WEBHOOK_TEXT_UNITS_MAX = 1024 * 1024;
/** Kinds are words for records and metrics, not a place for texts. */
const KIND = /^[a-z][a-z0-9_.-]{0,63}$/;
const KINDS_MAX = 20;

/** Asks all of them at once. Never throws. */
export async function askWebhooks(
  webhooks: readonly Webhook[],
  asked: { where: FilterPlace; requestId: string; texts: readonly string[] },
  ask: AskWebhook,
): Promise<Found[]> {
  const units = asked.texts.reduce((sum, text) => sum + text.length, 0);
  const answers = webhooks.map(async (webhook): Promise<Found[]> => {
    const { filter, action, unchecked } = webhook;
    if (units > WEBHOOK_TEXT_UNITS_MAX) return [unchecked];
    try {
      const { flagged, kinds } = await ask(webhook, asked);
      if (!flagged) return [];
      const known = kinds.filter((kind) => KIND.test(kind)).slice(0, KINDS_MAX);
      return (known.length > 0 ? known : ["webhook"]).map((kind) => ({ filter, kind, action }));
    } catch {
      return [unchecked];
    }
  });
  return (await Promise.all(answers)).flat();
}
