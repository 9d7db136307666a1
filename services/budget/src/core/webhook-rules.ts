// What a webhook may be.
import { WaybillError } from "@waybill/domain";
import { ALERT_KINDS } from "./alert.ts";

/** Of what is booked, beside the kinds of alerts. */
export const USAGE_KIND = "usage";
const KINDS: readonly string[] = [...ALERT_KINDS, USAGE_KIND];
const URL_CHARACTERS_MAX = 2_048;

export interface WebhookFields {
  url: string;
  /** Kinds of alerts, and `usage`; empty: of every kind of alert. */
  kinds: readonly string[];
}

/** Throws invalid_value, naming the field. `takesPlainHttp`: an operator allowed addresses inside the house. */
export function checkWebhook({ url, kinds }: WebhookFields, takesPlainHttp: boolean): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const schemes = takesPlainHttp ? ["https:", "http:"] : ["https:"];
  if (!parsed || url.length > URL_CHARACTERS_MAX || !schemes.includes(parsed.protocol)) {
    throw invalid("url", `url must be an address that begins with ${schemes.map((s) => `${s}//`).join(" or ")}.`);
  }
  if (parsed.username !== "" || parsed.password !== "" || parsed.hash !== "") {
    throw invalid("url", "url must name neither user, password nor fragment: what is sent is signed.");
  }
  const unknown = kinds.find((kind) => !KINDS.includes(kind));
  if (unknown !== undefined || new Set(kinds).size < kinds.length) {
    throw invalid("kinds", `kinds must be some of ${KINDS.join(", ")}, each once.`);
  }
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { param, publicMessage });
}
