// Azure: the cost and usage details file of Cost Management (enterprise and customer agreements), as CSV.
import type { Charge, InvoiceLine } from "./invoice-line.ts";
import { readItemName } from "./item-name.ts";
import { type InvoiceFormat, type RowReader, USD_SCALE, unitPower } from "./row-reader.ts";

/** The services that serve models, whatever Azure calls them at the time. */
const MODEL_SERVICES = /openai|foundry|cognitive ?services|ai services|machine learning/i;

export const azure: InvoiceFormat = {
  columns: [["Date"], ["CostInBillingCurrency", "Cost"], ["MeterName"]],
  read(reader) {
    const service = ["MeterCategory", "MeterSubCategory", "ConsumedService", "ProductName"]
      .map((name) => reader.text(name))
      .join(" ");
    const charge = chargeOf(reader.text("ChargeType"));
    if (!MODEL_SERVICES.test(service)) return "left out";
    const day = reader.day("Date");
    if (day === undefined) return undefined;
    reader.mustBeUsd("BillingCurrency", "BillingCurrencyCode");
    const { model, kind } = readItemName(reader.name("MeterName"));
    const power = unitPower(reader.text("UnitOfMeasure"));
    const line: InvoiceLine = {
      ...{ fileLine: reader.fileLine, day, charge, account: accountOf(reader) },
      model: charge === "usage" ? model : "",
      kind: charge === "usage" ? kind : "other",
      quantity: charge === "usage" && power !== undefined ? reader.quantity(power, "Quantity") : undefined,
      amountPicoUsd: reader.amount(USD_SCALE, "CostInBillingCurrency", "Cost"),
    };
    return { day, lines: [line] };
  },
};

function chargeOf(type: string): Charge {
  if (/^tax$/i.test(type)) return "tax";
  return type === "" || /^(usage|purchase|unusedreservation|unusedsavingsplan)$/i.test(type) ? "usage" : "credit";
}

/** The resource whose key is used, by its name; else its subscription. */
function accountOf(reader: RowReader): string {
  const resource = /[^/]{1,200}$/.exec(reader.text("ResourceId", "InstanceName", "InstanceId"))?.[0];
  return resource ?? reader.name("SubscriptionId", "SubscriptionGuid");
}
