// The columns of finance.focus_1_4 as they are given out, and where a page of its rows begins.
import { WaybillError } from "@waybill/domain";

export type FocusKind = "text" | "time" | "decimal" | "integer";

export interface FocusColumnRule {
  name: string;
  kind: FocusKind;
  /** Every row has a value. */
  required: boolean;
}

const rule =
  (kind: FocusKind, required: boolean) =>
  (name: string): FocusColumnRule => ({ name, kind, required });
const all = (names: string, of: (name: string) => FocusColumnRule): FocusColumnRule[] => names.split(" ").map(of);

/** Those of FOCUS 1.4 that the books have, in the order of the view; the x_ ones are ours. */
export const FOCUS_COLUMNS: readonly FocusColumnRule[] = [
  ...all("BilledCost", rule("decimal", true)),
  ...all("BillingAccountId", rule("text", true)),
  ...all("BillingAccountName", rule("text", false)),
  ...all("BillingAccountType BillingCurrency", rule("text", true)),
  ...all("BillingPeriodStart BillingPeriodEnd", rule("time", true)),
  ...all("ChargeCategory", rule("text", true)),
  ...all("ChargeClass", rule("text", false)),
  ...all("ChargeDescription ChargeFrequency", rule("text", true)),
  ...all("ChargePeriodStart ChargePeriodEnd", rule("time", true)),
  ...all("ConsumedQuantity", rule("decimal", false)),
  ...all("ConsumedUnit", rule("text", false)),
  ...all("ContractedCost", rule("decimal", true)),
  ...all("ContractedUnitPrice", rule("decimal", false)),
  ...all("EffectiveCost", rule("decimal", true)),
  ...all("HostProviderName InvoiceIssuerName", rule("text", true)),
  ...all("ListCost", rule("decimal", true)),
  ...all("ListUnitPrice", rule("decimal", false)),
  ...all("PricingCategory", rule("text", false)),
  ...all("PricingQuantity", rule("decimal", false)),
  ...all("PricingUnit ResourceId ResourceName ResourceType", rule("text", false)),
  ...all("ServiceCategory ServiceName ServiceProviderName ServiceSubcategory SkuId SkuMeter", rule("text", true)),
  ...all("SkuPriceDetails SkuPriceId SubAccountId SubAccountName SubAccountType", rule("text", false)),
  ...all("Tags x_Organisation x_OrganisationId", rule("text", true)),
  ...all("x_Route", rule("text", false)),
  ...all("x_RouteVersion", rule("integer", false)),
  ...all("x_Attempts", rule("integer", true)),
];

/** What SkuPriceDetails says by the draft of FOCUS 1.5, as columns, and the quantities by what they count. */
export const AI_COLUMNS: readonly (FocusColumnRule & { sql: string })[] = [
  { ...rule("text", false)("x_ModelId"), sql: `"SkuPriceDetails"::jsonb->>'ModelId'` },
  { ...rule("text", false)("x_TokenDirection"), sql: `"SkuPriceDetails"::jsonb->>'TokenDirection'` },
  { ...rule("text", false)("x_TokenCacheAction"), sql: `"SkuPriceDetails"::jsonb->>'TokenCacheAction'` },
  { ...rule("integer", false)("x_TokenCount"), sql: `CASE "ConsumedUnit" WHEN 'Tokens' THEN "ConsumedQuantity" END` },
  {
    ...rule("integer", false)("x_RequestCount"),
    sql: `CASE "ConsumedUnit" WHEN 'Requests' THEN "ConsumedQuantity" END`,
  },
];

/** A UTC day, and how many of its rows were given. */
export interface FocusPlace {
  /** "2026-11-28"; empty: the first there is. */
  day: string;
  offset: number;
}

export function writeFocusCursor({ day, offset }: FocusPlace): string {
  return `${day}/${offset}`;
}

/** Throws invalid_value. */
export function readFocusCursor(cursor: string): FocusPlace {
  if (cursor === "") return { day: "", offset: 0 };
  const [, day = "", offset = ""] = /^(\d{4}-\d{2}-\d{2})\/(\d{1,9})$/.exec(cursor) ?? [];
  if (day !== "") return { day, offset: Number(offset) };
  throw new WaybillError("invalid_value", {
    publicMessage: "This is no cursor of an earlier answer.",
    param: "cursor",
  });
}
