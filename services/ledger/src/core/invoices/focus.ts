// FOCUS 1.0 to 1.4 Cost and Usage of any vendor, as CSV: Azure's, AWS's and Google's FOCUS exports, and Waybill's own.
import type { Charge, InvoiceLine, LineKind } from "./invoice-line.ts";
import { readItemName } from "./item-name.ts";
import { type InvoiceFormat, type RowReader, USD_SCALE, unitPower } from "./row-reader.ts";

export const focus: InvoiceFormat = {
  columns: [["ChargePeriodStart"], ["BilledCost"], ["BillingCurrency"], ["ChargeCategory"]],
  read(reader) {
    const category = reader.text("ServiceCategory");
    if (category !== "" && category !== "AI and Machine Learning") return "left out";
    const day = reader.day("ChargePeriodStart");
    if (day === undefined) return undefined;
    reader.mustBeUsd("BillingCurrency");
    const charge = chargeOf(reader.text("ChargeCategory"));
    const { model, kind } = itemOf(reader);
    const line: InvoiceLine = {
      ...{ fileLine: reader.fileLine, day, charge },
      account: reader.name("SubAccountId", "BillingAccountId"),
      model: charge === "usage" ? model : "",
      kind: charge === "usage" ? kind : "other",
      quantity: charge === "usage" ? quantityOf(reader) : undefined,
      amountPicoUsd: reader.amount(USD_SCALE, "BilledCost"),
    };
    return { day, lines: [line] };
  },
};

function chargeOf(category: string): Charge {
  if (category === "Tax") return "tax";
  return category === "Credit" ? "credit" : "usage";
}

/** By the details of FOCUS 1.5's draft where they are there, else by the words of the SKU. */
function itemOf(reader: RowReader): { model: string; kind: LineKind } {
  const details = reader.text("SkuPriceDetails", "x_SkuDetails");
  const named = readItemName(reader.name("SkuMeter", "x_SkuMeterName", "ChargeDescription", "SkuId"));
  const isMeterAlone = named.model === "" && named.kind !== "other";
  const described = isMeterAlone ? readItemName(reader.name("ChargeDescription", "SkuId")) : named;
  return {
    model: detail(details, "ModelId") || detail(details, "ModelVersion") || described.model,
    kind: kindOf(details) ?? named.kind,
  };
}

function kindOf(details: string): LineKind | undefined {
  const [direction, action] = [detail(details, "TokenDirection"), detail(details, "TokenCacheAction")];
  if (direction === "Output") return /"x_Reasoning"\s*:\s*true/.test(details) ? "reasoning" : "output";
  if (direction !== "Input") return undefined;
  if (action === "Read") return "cached_input";
  if (action === "Write") return /"x_CacheMinutes"\s*:\s*60/.test(details) ? "cache_write_1h" : "cache_write_5m";
  return "input";
}

/** A text of the JSON of details, which has no nested ones by the specification. */
function detail(details: string, name: string): string {
  return new RegExp(`"${name}"\\s*:\\s*"([^"\\\\]{1,200})"`).exec(details)?.[1] ?? "";
}

function quantityOf(reader: RowReader): bigint | undefined {
  const power = unitPower(reader.text("ConsumedUnit"));
  return power === undefined ? undefined : reader.quantity(power, "ConsumedQuantity");
}
